// What a rule in f64 is: one element of one step, with numbers that know how far float32 may be off.

import { type Rounded, sum } from './rounded.js';

/** An optimizer's numbers, defaults filled in. */
export interface Numbers {
  readonly [name: string]: number | boolean | string | null;
  learningRate: number;
}

/** State by name, of one element. */
export type State<T> = Record<string, T>;

/** What becomes of one element at a step (from 1). `numbers` are the states that are numbers. */
export type Rule = (
  w: Rounded,
  g: Rounded,
  s: State<Rounded>,
  o: Numbers,
  t: number,
  numbers: Readonly<Record<string, readonly number[]>>,
) => { w: Rounded; s: State<Rounded> };

export const minus = (x: Rounded): Rounded => x.times(-1);
export const number = (o: Numbers, name: string): number => o[name] as number;

/** A running mean that takes in another number. */
export const mean = (old: Rounded, next: Rounded, beta: number): Rounded =>
  sum(old, next.times(1 - beta), old.times(-(1 - beta)));
