// Tells whether two images show the same face, of people it was never shown: a network learns by triplets to put images of
// one person near each other. The faces are drawn here: a person is eleven numbers, and every image has a position, size, tilt,
// mood, light and noise of its own.
//
//   node examples/face-embedding.ts
//   node examples/face-embedding.ts --steps 60
import { parseArgs } from 'node:util';
import { Adam, Conv2D, Dense, Flatten, losses, MaxPooling2D, Sequential, UnitNormalization } from 'descend';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '400' } } });
const SIZE = 24;

let state = 1;
const random = (low: number, high: number) => {
  state = (state * 48271) % 2147483647;
  return low + ((high - low) * state) / 2147483647;
};

/** What stays the same in all images of a person; lengths in halves of the image. */
const person = () => ({
  wide: random(0.42, 0.7),
  tall: random(0.62, 0.88),
  skin: random(0.45, 0.9),
  hair: random(0, 0.4),
  fringe: random(-0.75, -0.3),
  eyes: random(0.16, 0.34),
  eyeLine: random(-0.25, 0.02),
  eyeSize: random(0.06, 0.13),
  nose: random(0.1, 0.3),
  mouth: random(0.12, 0.34),
  mouthLine: random(0.3, 0.5),
});
type Person = ReturnType<typeof person>;

function draw(image: Float32Array, face: Person): void {
  const [left, up, scale, tilt] = [random(-0.12, 0.12), random(-0.12, 0.12), random(0.85, 1.1), random(-0.2, 0.2)];
  const [smile, light, brightness] = [random(-0.1, 0.15), random(-0.25, 0.25), random(0.85, 1.1)];
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [px, py] = [(2 * ((i % SIZE) + 0.5)) / SIZE - 1 - left, (2 * (Math.floor(i / SIZE) + 0.5)) / SIZE - 1 - up];
    const x = (Math.cos(tilt) * px + Math.sin(tilt) * py) / scale;
    const y = (Math.cos(tilt) * py - Math.sin(tilt) * px) / scale;
    const lit = brightness * (1 + light * x) * shadeAt(face, smile, Math.abs(x), y);
    image[i] = lit + random(-0.06, 0.06);
  }
}

// Faces are the same on both sides: x is the distance from the middle.
function shadeAt(face: Person, smile: number, x: number, y: number): number {
  const edge = Math.hypot(x / face.wide, y / face.tall);
  if (edge > 1) return edge < 1.15 && y < 0 ? face.hair : 0.1;
  if (y < face.fringe * face.tall) return face.hair;
  const eye = Math.hypot(x - face.eyes, y - face.eyeLine);
  if (eye < face.eyeSize) return eye < face.eyeSize / 2 ? 0 : 1;
  if (x < 0.05 && y > face.eyeLine && y < face.eyeLine + face.nose) return 0.7 * face.skin;
  const lips = face.mouthLine + smile * (0.5 - (x / face.mouth) ** 2);
  return x < face.mouth && Math.abs(y - lips) < 0.05 ? 0.3 * face.skin : face.skin;
}

/** `each` images of everyone, with the numbers of who they are. */
function photographs(people: readonly Person[], each: number) {
  const data = new Float32Array(people.length * each * SIZE * SIZE);
  const who = Float32Array.from({ length: people.length * each }, (_, i) => Math.floor(i / each));
  for (const [i, one] of who.entries()) {
    draw(data.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE), people[one] as Person);
  }
  return [{ data, shape: [who.length, SIZE, SIZE, 1] }, who] as const;
}

const known = Array.from({ length: 300 }, person);
const strangers = Array.from({ length: 60 }, person);

/** Batches without end of 16 people, 4 images each: triplets are found within a batch. */
function* batches() {
  for (;;)
    yield photographs(
      Array.from({ length: 16 }, () => known[Math.floor(random(0, 300))] as Person),
      4,
    );
}

const model = new Sequential(
  [
    new Conv2D({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [SIZE, SIZE, 1] }),
    new MaxPooling2D({ poolSize: 2 }),
    new Conv2D({ filters: 32, kernelSize: 3, activation: 'relu' }),
    new MaxPooling2D({ poolSize: 2 }),
    new Flatten(),
    new Dense({ units: 32 }),
    new UnitNormalization(),
  ],
  { seed: 4 },
);
model.compile({ optimizer: new Adam({ learningRate: 0.001 }), loss: new losses.TripletSemiHardLoss({ margin: 0.5 }) });
const steps = Number(values.steps);
await model.fit(batches(), { epochs: 1, stepsPerEpoch: steps, verbose: 0 });

/** Distances of all pairs of images of the same person, and of two people. */
async function distances(people: readonly Person[]) {
  const [images, who] = photographs(people, 6);
  const { data } = await model.predict(images);
  const [same, others] = [[] as number[], [] as number[]];
  for (let a = 0; a < who.length; a++) {
    for (let b = 0; b < a; b++) {
      let square = 0;
      for (let k = 0; k < 32; k++) square += ((data[32 * a + k] as number) - (data[32 * b + k] as number)) ** 2;
      (who[a] === who[b] ? same : others).push(Math.sqrt(square));
    }
  }
  return { same, others };
}

/** The share of pairs told right, both kinds counting the same. */
function accuracyAt(limit: number, { same, others }: Awaited<ReturnType<typeof distances>>): number {
  const near = same.filter((distance) => distance < limit).length / same.length;
  return (near + others.filter((distance) => distance >= limit).length / others.length) / 2;
}

// Where near ends is found on the people it knows.
const seen = await distances(known.slice(0, 60));
const limits = Array.from({ length: 100 }, (_, i) => (i + 1) / 50);
const limit = limits.reduce((a, b) => (accuracyAt(b, seen) > accuracyAt(a, seen) ? b : a));
const accuracy = accuracyAt(limit, await distances(strangers));
console.log(`People it knows: ${(100 * accuracyAt(limit, seen)).toFixed(1)} % of pairs are told right.`);
console.log(`60 people it has never seen: ${(100 * accuracy).toFixed(1)} %, nearer than ${limit} being the same.`);
const target = steps < 400 ? 0.8 : 0.95;
if (!(accuracy >= target)) {
  console.error(`expected at least ${100 * target} %`);
  process.exitCode = 1;
}
