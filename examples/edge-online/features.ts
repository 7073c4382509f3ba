// What the model may know of a visit, and how a request says it. Refuses what is missing, unknown, or no number.

/** The features in the model's order, with the range that their values are expected in. */
export const FEATURES = {
  /** Hour of the day. */
  hour: [0, 24],
  /** Place on the page, from the top. */
  position: [1, 10],
  /** Share of the price taken off. */
  discount: [0, 0.5],
  /** 1 for somebody who was here before. */
  returning: [0, 1],
} as const satisfies Record<string, readonly [low: number, high: number]>;

/** A value for each feature. */
export type Features = Readonly<Record<keyof typeof FEATURES, number>>;

const NAMES = Object.keys(FEATURES) as (keyof Features)[];
const RANGES = Object.values(FEATURES);

/** What brings each feature to −1 … 1: `x · scale + offset`. */
export const RESCALING = {
  scale: RANGES.map(([low, high]) => 2 / (high - low)),
  offset: RANGES.map(([low, high]) => -(high + low) / (high - low)),
  inputShape: [RANGES.length],
};

/** A request that makes no sense. */
export class BadRequest extends Error {}

/** The values in the model's order. Throws BadRequest. */
export function rowOf(features: unknown): number[] {
  if (typeof features !== 'object' || features === null) throw new BadRequest('features: expected an object');
  const given = new Map<string, unknown>(Object.entries(features));
  const row = NAMES.map((name) => {
    const value = given.get(name);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Math.abs(number) < 1e6) return number;
    throw new BadRequest(`features: expected a number for ${name}, got ${JSON.stringify(value)}`);
  });
  const unknown = [...given.keys()].find((name) => !(NAMES as string[]).includes(name));
  if (unknown === undefined) return row;
  throw new BadRequest(`features: expected ${NAMES.join(', ')}, got ${JSON.stringify(unknown.slice(0, 40))}`);
}
