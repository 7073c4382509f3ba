// Reads four characters in an image, all at once: a convolutional network with one head for each place. The images are drawn
// here, with characters moved, turned, stretched and slanted, strokes across them and noise; no two are alike.
//
//   node examples/captcha.ts
//   node examples/captcha.ts --steps 80
import { parseArgs } from 'node:util';
import { Adam, Conv2D, Cropping2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Model, schedules } from 'descend';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '1400' } } });
const steps = Number(values.steps);

// A character, then its five rows as digits of base 32: each bit of one is a pixel.
const FONT =
  `2u1egv 3u161u 4iiv22 5vgu1u 6eguhe 7v1244 8ehehe 9ehf1e Aehvhh Cfgggf Evgugv Fvgugg Hhhvhh J722ic Khisih Lggggv Mhrlhh
Nhpljh Puhugg Ruhuih Tv4444 Uhhhhe Vhhha4 Whhlrh Xha4ah Yha444`.split(/\s+/);
const [HEIGHT, WIDTH, CELL] = [20, 56, 13];
const PLACES = ['first', 'second', 'third', 'fourth'] as const;

let state = 1;
const random = (low: number, high: number) => {
  state = (state * 48271) % 2147483647;
  return low + ((high - low) * state) / 2147483647;
};

// How dark a glyph is at a place in it, from 0 to 1, between its pixels in proportion.
function inkAt(rows: readonly number[], x: number, y: number): number {
  const pixel = (column: number, row: number) =>
    column >= 0 && column < 5 ? ((rows[row] ?? 0) >> (4 - column)) & 1 : 0;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - left, y - top];
  const upper = (1 - right) * pixel(left, top) + right * pixel(left + 1, top);
  const lower = (1 - right) * pixel(left, top + 1) + right * pixel(left + 1, top + 1);
  return (1 - down) * upper + down * lower;
}

function drawCharacter(image: Float32Array, place: number, glyph: string): void {
  const rows = [...glyph.slice(1)].map((digit) => Number.parseInt(digit, 32));
  const [angle, slant, ink] = [random(-0.25, 0.25), random(-0.25, 0.25), random(0.7, 1)];
  const [across, upright] = [random(1.7, 2.4), random(2.1, 3.2)];
  const [middleX, middleY] = [2 + CELL * (place + 0.5) + random(-2, 2), HEIGHT / 2 + random(-2.5, 2.5)];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = Math.floor(middleX - 11); x <= middleX + 11; x++) {
      if (x < 0 || x >= WIDTH) continue;
      const [dx, dy] = [x - middleX, y - middleY];
      const v = (Math.cos(angle) * dy - Math.sin(angle) * dx) / upright;
      const u = (Math.cos(angle) * dx + Math.sin(angle) * dy) / across + slant * v;
      image[y * WIDTH + x] = Math.max(image[y * WIDTH + x] as number, ink * inkAt(rows, u + 2, v + 2));
    }
  }
}

// A wave from side to side.
function drawStroke(image: Float32Array): void {
  const [start, rise, swing, pace] = [random(3, 17), random(-0.15, 0.15), random(0, 3), random(0.05, 0.25)];
  const ink = random(0.3, 0.7);
  for (let x = 0; x < WIDTH; x++) {
    const y = Math.round(start + rise * (x - WIDTH / 2) + swing * Math.sin(pace * x + start));
    if (y >= 0 && y < HEIGHT) image[y * WIDTH + x] = Math.max(image[y * WIDTH + x] as number, ink);
  }
}

function drawBatch(count: number) {
  const data = new Float32Array(count * HEIGHT * WIDTH);
  const labels = PLACES.map(() => new Uint8Array(count));
  for (let i = 0; i < count; i++) {
    const image = data.subarray(i * HEIGHT * WIDTH, (i + 1) * HEIGHT * WIDTH);
    for (const [place, own] of labels.entries()) {
      own[i] = Math.floor(random(0, FONT.length));
      drawCharacter(image, place, FONT[own[i] as number] as string);
    }
    drawStroke(image);
    drawStroke(image);
    for (const [at, value] of image.entries()) image[at] = value + random(-0.25, 0.25);
  }
  const y = Object.fromEntries(PLACES.map((name, place) => [name, labels[place] as Uint8Array]));
  return { x: { data, shape: [count, HEIGHT, WIDTH, 1] }, y };
}

/** Batches without end: no image is seen twice. */
function* batches() {
  for (;;) {
    const { x, y } = drawBatch(64);
    yield [x, y] as const;
  }
}

const image = Input({ shape: [HEIGHT, WIDTH, 1] });
const edges = new Conv2D({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(image);
const parts = new Conv2D({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(
  new MaxPooling2D({ poolSize: 2 }).apply(edges),
);
const map = new Conv2D({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(
  new MaxPooling2D({ poolSize: 2 }).apply(parts),
);
// Each head looks at its part of the image, by the same layer: what a character looks like is learned once for all places.
const reader = new Dense({ units: 128, activation: 'relu' });
const outputs = Object.fromEntries(
  PLACES.map((name, place) => {
    const [left, width] = [[0, 2, 6, 8][place] as number, 6];
    const part = new Cropping2D({
      cropping: [
        [0, 0],
        [left, WIDTH / 4 - width - left],
      ],
    }).apply(map);
    const known = new Dropout({ rate: 0.1 }).apply(reader.apply(new Flatten().apply(part)));
    return [name, new Dense({ units: FONT.length, activation: 'softmax', name }).apply(known)];
  }),
);
const model = new Model({ inputs: image, outputs, seed: 3 });
model.compile({
  optimizer: new Adam({ learningRate: new schedules.CosineDecay({ initialLearningRate: 0.002, decaySteps: steps }) }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: Object.fromEntries(PLACES.map((name) => [name, ['accuracy']])),
});
const start = performance.now();
await model.fit(batches(), { epochs: 10, stepsPerEpoch: steps / 10, verbose: 0 });
console.log(`\n${Math.round((64000 * steps) / (performance.now() - start)).toLocaleString('en')} images/s`);

const fresh = drawBatch(1000);
const found = await model.evaluate(fresh.x, fresh.y);
const each = PLACES.map((name) => found[`${name}_accuracy`] as number);
const accuracy = each.reduce((a, b) => a + b) / PLACES.length;
console.log(`${(100 * accuracy).toFixed(2)} % of the characters of 1,000 fresh images are read`);
const target = steps < 1400 ? 0.2 : 0.95;
if (!(accuracy >= target)) {
  console.error(`expected at least ${100 * target} %`);
  process.exitCode = 1;
}
