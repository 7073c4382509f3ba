// Types that are the same, not merely assignable to each other.

/** Whether two types are one. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles for `true` alone. */
export type Expect<T extends true> = T;
