// How many numbers weights hold.

/** The sum of the weights' sizes. */
export function countOf(weights: readonly { readonly shape: readonly number[] }[]): number {
  return weights.reduce((sum, { shape }) => sum + sizeOfShape(shape), 0);
}

/** How many numbers an array of this shape holds. */
export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
