// Axes of arrays in another order: other libraries keep the same weights otherwise.

/** The array with its axes in the order `order`: axis i of the result is axis `order[i]` of `data`. */
export function permuted(data: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const [sizes, steps] = [order.map((axis) => shape[axis] as number), order.map((axis) => strides[axis] as number)];
  const place = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number;
    // One further, as an odometer.
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [size, step] = [sizes[axis] as number, steps[axis] as number];
      from += step;
      place[axis] = (place[axis] as number) + 1;
      if (place[axis] !== size) break;
      from -= size * step;
      place[axis] = 0;
    }
  }
  return result;
}

/** The product of sizes: how many elements there are. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** Rows of a matrix `[blocks.length · height, width]` with its blocks of rows in another order. */
export function blocksIn(data: Float32Array, blocks: readonly number[]): Float32Array {
  const size = data.length / blocks.length;
  const result = new Float32Array(data.length);
  blocks.forEach((block, i) => {
    result.set(data.subarray(block * size, (block + 1) * size), i * size);
  });
  return result;
}
