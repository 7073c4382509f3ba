// Hills with one way down that is hard to find. Each is written once, for numbers and for traced tensors alike, and is 0 where
// it is lowest.
import { type Operand, ops, type Tensor } from 'descend';

/** What surfaces compute with. */
export interface Arithmetic<T> {
  add(a: T | number, b: T | number): T;
  sub(a: T | number, b: T | number): T;
  mul(a: T | number, b: T | number): T;
  square(a: T | number): T;
}

/** A function of the plane. */
export interface Surface {
  readonly name: string;
  readonly height: <T>(o: Arithmetic<T>, x: T, y: T) => T;
  readonly start: readonly [x: number, y: number];
  /** What a picture shows of it. */
  readonly view: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
}

const NUMBERS: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  square: (a) => a * a,
};

/** The height at a point. */
export const heightAt = (surface: Surface, x: number, y: number): number => surface.height(NUMBERS, x, y);

/** The same of variables, for gradients. */
export const traced = (surface: Surface, x: Operand, y: Operand): Tensor =>
  surface.height(ops as Arithmetic<Operand>, x, y) as Tensor;

/** cos x: of a small part of the angle by its series, then doubled six times. */
function cosine<T>(o: Arithmetic<T>, x: T): T {
  const part = o.square(o.mul(x, 1 / 64));
  const series = o.mul(part, o.add(o.mul(part, o.add(o.mul(part, -1 / 720), 1 / 24)), -1 / 2));
  let cos = o.add(series, 1);
  for (let doubling = 0; doubling < 6; doubling++) cos = o.sub(o.mul(o.square(cos), 2), 1);
  return cos;
}

const beale = <T>(o: Arithmetic<T>, x: T, y: T): T => {
  const term = (height: number, power: T) => o.square(o.add(o.sub(height, x), o.mul(x, power)));
  const [y2, y3] = [o.square(y), o.mul(o.square(y), y)];
  return o.add(o.add(term(1.5, y), term(2.25, y2)), term(2.625, y3));
};

const rastrigin = <T>(o: Arithmetic<T>, x: T, y: T): T => {
  const along = (z: T) => o.sub(o.square(z), o.mul(cosine(o, o.mul(z, 2 * Math.PI)), 10));
  return o.add(o.add(along(x), along(y)), 20);
};

/** All of them, the easiest last. */
export const SURFACES: readonly Surface[] = [
  {
    name: 'Rosenbrock',
    height: (o, x, y) => o.add(o.square(o.sub(1, x)), o.mul(o.square(o.sub(y, o.square(x))), 100)),
    start: [-1.2, 1],
    view: { x: [-2, 2], y: [-1, 3] },
  },
  { name: 'Beale', height: beale, start: [1, 1], view: { x: [-0.5, 4], y: [-1.5, 2] } },
  {
    name: 'Himmelblau',
    height: (o, x, y) => o.add(o.square(o.sub(o.add(o.square(x), y), 11)), o.square(o.sub(o.add(x, o.square(y)), 7))),
    start: [-0.5, -1],
    view: { x: [-5, 5], y: [-5, 5] },
  },
  { name: 'Rastrigin', height: rastrigin, start: [-2.2, 1.7], view: { x: [-3, 3], y: [-3, 3] } },
  {
    name: 'Saddle',
    // From its ridge nothing but a thousandth leads down to either side.
    height: (o, x, y) => o.add(o.square(x), o.square(o.sub(o.mul(o.square(y), 0.5), 1))),
    start: [1.5, 1e-3],
    view: { x: [-2, 2], y: [-2, 2] },
  },
  {
    name: 'Narrow valley',
    height: (o, x, y) => o.add(o.square(o.add(x, y)), o.mul(o.square(o.sub(x, y)), 200)),
    start: [-2.5, -1],
    view: { x: [-3, 1], y: [-3, 1] },
  },
];
