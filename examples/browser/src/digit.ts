// A drawing as one of the set's digits: 8x8 counts from 0 to 16. The set was made so (Alpaydin and Kaynak, 1998): a bitmap of
// 32x32, filled by the digit from top to bottom, divided into blocks of 4x4 of which the black points are counted.

/** A point of a stroke, in any unit. */
export type Point = readonly [x: number, y: number];

const SIDE = 32;
const BLOCK = 4;
/** Black points in a digit of the set: 312 of 1,024 on average, hardly depending on the digit. */
const INK = 312;
/** Digits are this wide, in points, on average; and no line is stretched by more than this. */
const WIDTH = 21;
const STRETCH = 1.6;
/** Half the width of a line: narrower or wider ones are not in the set. */
const THINNEST = 1.6;
const THICKEST = 5;

/** The 8x8 counts of a drawing, row by row. */
export function digitOf(strokes: readonly (readonly Point[])[]): Uint8Array {
  const counts = new Uint8Array(64);
  const points = strokes.flat();
  if (points.length === 0) return counts;
  // The line's width decides how far from the edge the strokes lie, and their length how wide a line makes so much ink.
  let half = 2.4;
  let distances = new Float32Array();
  for (let round = 0; round < 3; round++) {
    distances = distancesTo(fitted(strokes, points, half));
    half = Math.min(THICKEST, Math.max(THINNEST, distances.slice().sort()[INK] as number));
  }
  for (const [i, distance] of distances.entries()) {
    if (distance > half) continue;
    const [row, column] = [Math.floor(i / SIDE / BLOCK), Math.floor((i % SIDE) / BLOCK)];
    counts[8 * row + column] = (counts[8 * row + column] as number) + 1;
  }
  return counts;
}

// From top to bottom, in the middle from left to right.
function fitted(strokes: readonly (readonly Point[])[], points: readonly Point[], half: number): Point[][] {
  const [left, right] = extent(points.map(([x]) => x));
  const [top, bottom] = extent(points.map(([, y]) => y));
  const [width, height] = [Math.max(right - left, 1e-6), Math.max(bottom - top, 1e-6)];
  // What is nearly flat, such as a dash, keeps its form.
  const down = Math.min((SIDE - 2 * half) / height, (SIDE - 2 * half) / (width / 2));
  const across = Math.min((WIDTH - 2 * half) / width, STRETCH * down);
  const middle = SIDE / 2;
  return strokes.map((stroke) =>
    stroke.map(([x, y]): Point => {
      return [middle + (x - (left + right) / 2) * across, middle + (y - (top + bottom) / 2) * down];
    }),
  );
}

/** For each point of the bitmap, how far it is from the nearest stroke. */
function distancesTo(strokes: readonly (readonly Point[])[]): Float32Array<ArrayBuffer> {
  const squares = new Float32Array(SIDE * SIDE).fill(Number.POSITIVE_INFINITY);
  for (const stroke of strokes) {
    for (const [j, to] of stroke.entries()) approach(squares, stroke[Math.max(0, j - 1)] as Point, to);
  }
  return squares.map(Math.sqrt);
}

/** Lowers the squared distances of all points to those from one more line. */
function approach(squares: Float32Array, [ax, ay]: Point, [bx, by]: Point): void {
  const [dx, dy] = [bx - ax, by - ay];
  const scale = 1 / (dx * dx + dy * dy || 1);
  for (let row = 0, i = 0; row < SIDE; row++) {
    const y = row + 0.5 - ay;
    for (let column = 0; column < SIDE; column++, i++) {
      const x = column + 0.5 - ax;
      const along = Math.min(1, Math.max(0, (x * dx + y * dy) * scale));
      const [left, up] = [x - along * dx, y - along * dy];
      const square = left * left + up * up;
      if (square < (squares[i] as number)) squares[i] = square;
    }
  }
}

function extent(values: readonly number[]): [low: number, high: number] {
  return [Math.min(...values), Math.max(...values)];
}
