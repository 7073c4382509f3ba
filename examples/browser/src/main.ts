// The page: what its elements show and do. The model is trainer.ts, drawing pad.ts and digit.ts, curves charts.ts.

import { Bars } from './bars.ts';
import { Chart } from './charts.ts';
import { digitOf } from './digit.ts';
import { Pad } from './pad.ts';
import { paintSeen } from './seen.ts';
import { type Epoch, OPTIMIZERS, prepare, type Settings, Trainer } from './trainer.ts';

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const optimizer = element<HTMLSelectElement>('optimizer');
const rate = element<HTMLInputElement>('rate');
const hidden = element<HTMLInputElement>('hidden');
const worker = element<HTMLInputElement>('worker');
const run = element<HTMLButtonElement>('run');
const notice = element('notice');
const file = element<HTMLInputElement>('file');
const other = element<HTMLInputElement>('other');
const hash = element<HTMLOutputElement>('hash');
const seen = element<HTMLCanvasElement>('seen');

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const accuracyChart = new Chart(
  'accuracy',
  (share) => `${Math.round(100 * share)} %`,
  (low) => [Math.min(0.8, Math.floor(20 * (low || 0.8)) / 20), 1],
);
const lossChart = new Chart(
  'loss',
  (loss) => loss.toFixed(2),
  (_, high) => [0, Math.max(0.5, Math.ceil(10 * (high || 0.5)) / 10)],
);
const bars = new Bars(element('bars'), element('verdict'));

let pixels: Uint8Array | undefined;
let looking = 0;
let earlier: readonly Epoch[] = [];
let samples = 0;
let drawing = false;
let last: Promise<unknown> = Promise.resolve();

for (const [name] of OPTIMIZERS) optimizer.add(new Option(name, name));
rate.value = String(OPTIMIZERS[0]?.[1]);

const trainer = await begin();
trainer.onEpoch = async () => {
  showProgress();
  // While a run is under way the model can be asked between two epochs only.
  await predict();
};
const pad = new Pad(element<HTMLCanvasElement>('pad'), () => {
  // Pointers move more often than pictures are shown.
  cancelAnimationFrame(looking);
  looking = requestAnimationFrame(() => look(pad.strokes.length > 0 ? digitOf(pad.strokes) : undefined));
});
for (const id of ['run', 'reset', 'sample', 'load', 'save']) element<HTMLButtonElement>(id).disabled = false;
element('engine').textContent = trainer.engine;
inTurn(settle);

element('settings').addEventListener('submit', (event) => {
  event.preventDefault();
  act(() => (trainer.running ? trainer.pause() : train()));
});
element('reset').addEventListener('click', () => act(reset));
optimizer.addEventListener('change', () => {
  rate.value = String(OPTIMIZERS.find(([name]) => name === optimizer.value)?.[1] ?? rate.value);
  act(retune);
});
rate.addEventListener('change', () => act(retune));
hidden.addEventListener('change', () => act(reset));
worker.addEventListener('change', () => act(move));
element('clear').addEventListener('click', () => pad.clear());
element('sample').addEventListener('click', () => {
  pad.strokes = [];
  pad.draw();
  // Far enough apart to be of other digits.
  samples += 37;
  look(trainer.heldOut(samples).pixels);
});
element('load').addEventListener('click', () => file.click());
file.addEventListener('change', () => act(load));
element('save').addEventListener('click', () => act(save));
other.addEventListener('input', compare);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  pad.draw();
  if (pixels) paintSeen(seen, pixels);
});

async function begin(): Promise<Trainer> {
  try {
    return new Trainer(await prepare(), settings());
  } catch (error) {
    tell(error);
    throw error;
  }
}

/** Does what the user asked for. */
function act(work: () => unknown): void {
  inTurn(() => {
    say('');
    return work();
  });
}

/** Does one thing after the other, for the model takes one call at a time; says why a thing could not be done. */
function inTurn(work: () => unknown): void {
  last = last.then(work).catch(tell).then(showProgress);
}

/** Begins a run, which goes on while other things are done. */
function train(): void {
  trainer
    .start()
    .catch(tell)
    .finally(() => inTurn(settle));
}

/** Shows what can be known of a model at rest. */
async function settle(): Promise<void> {
  if (trainer.running) return;
  hash.textContent = await trainer.hash();
  compare();
  await predict();
}

async function reset(): Promise<void> {
  const wanted = settings();
  if (trainer.epochs.length > 0) earlier = [...trainer.epochs];
  await trainer.reset(wanted);
  await settle();
}

async function retune(): Promise<void> {
  const wanted = settings();
  const goOn = trainer.running;
  await trainer.retune(wanted.optimizer, wanted.learningRate);
  if (goOn && !trainer.running) train();
}

async function move(): Promise<void> {
  const wanted = worker.checked;
  const goOn = trainer.running;
  try {
    await trainer.moveTo(wanted);
  } catch (error) {
    worker.checked = !wanted;
    throw error;
  } finally {
    element('engine').textContent = trainer.engine;
    if (goOn) train();
    else await settle();
  }
}

async function load(): Promise<void> {
  const [chosen] = file.files ?? [];
  if (!chosen) return;
  const bytes = await chosen.arrayBuffer();
  // The same file may be chosen again.
  file.value = '';
  await trainer.load(bytes);
  earlier = [];
  const { optimizer: name, learningRate, hidden: sizes } = trainer.settings;
  if (![...optimizer.options].some((option) => option.value === name)) optimizer.add(new Option(name, name));
  optimizer.value = name;
  rate.value = String(Number(learningRate.toPrecision(6)));
  hidden.value = sizes.join(', ') || 'none';
  await settle();
  say(`Loaded ${chosen.name}.`);
}

async function save(): Promise<void> {
  const bytes = await trainer.save();
  await settle();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = 'digits.safetensors';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Shows what is to be recognised, and asks the model as soon as it may be asked. */
function look(at: Uint8Array | undefined): void {
  pixels = at;
  paintSeen(seen, at ?? new Uint8Array(64));
  inTurn(() => (trainer.running ? undefined : predict()));
}

async function predict(): Promise<void> {
  bars.show(pixels && (await trainer.predict(pixels)));
}

/** What the fields say. Throws for what makes no sense. */
function settings(): Settings {
  const learningRate = Number(rate.value.replace(',', '.'));
  rate.setAttribute('aria-invalid', String(!(learningRate > 0 && learningRate <= 10)));
  const parts = /^\s*(none)?\s*$/i.test(hidden.value) ? [] : hidden.value.split(',').map((part) => Number(part));
  const sensible = parts.length <= 4 && parts.every((units) => Number.isInteger(units) && units >= 1 && units <= 1024);
  hidden.setAttribute('aria-invalid', String(!sensible));
  if (!(learningRate > 0 && learningRate <= 10)) throw new Error('The learning rate is a number above 0, up to 10.');
  if (!sensible) throw new Error('Hidden layers are up to four numbers of units with commas, such as 64 or 128, 64.');
  return { optimizer: optimizer.value, learningRate, hidden: parts };
}

function showProgress(): void {
  const { epoch, epochs, running, target, measured } = trainer;
  const last = epochs.at(-1);
  const held = last ? { accuracy: last.heldOutAccuracy, loss: last.heldOutLoss } : measured;
  run.textContent = running ? 'Pause' : epoch === 0 ? 'Train' : epoch < target ? 'Resume' : 'Train on';
  element('epoch').textContent = target > 0 ? `${epoch} of ${target}` : String(epoch);
  element('accuracy').textContent = held ? percent(held.accuracy) : '–';
  element('loss').textContent = held ? held.loss.toFixed(3) : '–';
  element('speed').textContent = last ? (100 * Math.round(last.samplesPerSecond / 100)).toLocaleString('en') : '–';
  requestDraw();
}

// Epochs may be shorter than frames.
function requestDraw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const of = (list: readonly Epoch[], key: keyof Epoch): number[] => list.map((epoch) => epoch[key]);
    const { epochs } = trainer;
    accuracyChart.show({
      training: of(epochs, 'accuracy'),
      heldOut: of(epochs, 'heldOutAccuracy'),
      earlier: of(earlier, 'heldOutAccuracy'),
    });
    lossChart.show({
      training: of(epochs, 'loss'),
      heldOut: of(epochs, 'heldOutLoss'),
      earlier: of(earlier, 'heldOutLoss'),
    });
  });
}

function compare(): void {
  const given = other.value.trim().toLowerCase();
  const equal = element('equal');
  const same = given === hash.textContent;
  equal.textContent = given === '' ? '\u00a0' : same ? 'Equal: the same weights, bit for bit.' : 'Different weights.';
  equal.classList.toggle('good', given !== '' && same);
}

function say(text: string): void {
  notice.textContent = text || 'Layer sizes begin a new model; the others act on this one.';
  notice.classList.remove('bad');
}

function tell(error: unknown): void {
  notice.textContent = error instanceof Error ? error.message : String(error);
  notice.classList.add('bad');
}
