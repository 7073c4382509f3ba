// How many numbers weights hold.

/** The sum of the weights' sizes. */
export function countOf(weights: readonly { readonly shape: readonly number[] }[]): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
