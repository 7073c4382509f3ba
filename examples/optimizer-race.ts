// Races any set of optimizers down classic surfaces and through the digits: a table, curves of losses, and a picture (SVG).
// Each runs at the best of some learning rates, surface by surface, unless the rate is given.
//
//   node examples/optimizer-race.ts
//   node examples/optimizer-race.ts --steps 1000 --epochs 20 --svg race.svg Adam:0.05 Lion Prodigy SOAP
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  Dense,
  DescendError,
  datasets,
  Flatten,
  minimize,
  type Optimizer,
  optimizers,
  Rescaling,
  Sequential,
  type Variable,
  variable,
} from 'descend';
import { plot } from 'simple-ascii-chart';
import { SURFACES, type Surface, traced } from './optimizer-race/surfaces.ts';
import { type Line, picture } from './optimizer-race/svg.ts';

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const ALL = 'SGD Momentum RMSprop Adam Lion AdaBelief Prodigy ScheduleFreeAdamW'.split(' ');
const COLORS = ['#d62728', '#1f77b4', '#2ca02c', '#ff7f0e', '#9467bd', '#17becf', '#8c564b', '#e377c2', '#7f7f7f'];
const TERMINAL = ['ansiRed', 'ansiBlue', 'ansiGreen', 'ansiYellow', 'ansiMagenta', 'ansiCyan', 'ansiWhite'] as const;
/** Below this, all are at the ground. */
const GROUND = 1e-9;

interface Racer {
  readonly name: string;
  readonly rate: number | undefined;
  readonly color: string;
}

/** One way down, with the heights along it. */
interface Run {
  readonly rate: number;
  readonly losses: number[];
  readonly way: (readonly [number, number])[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '300' },
    epochs: { type: 'string', default: '10' },
    svg: { type: 'string', default: join(tmpdir(), 'optimizer-race.svg') },
  },
});
const [steps, epochs] = [Number(values.steps), Number(values.epochs)];
const racers = (positionals.length > 0 ? positionals : ALL).map((text, i): Racer => {
  const [name = '', rate] = text.split(':');
  return { name, rate: rate === undefined ? undefined : Number(rate), color: COLORS[i % COLORS.length] as string };
});

const results = new Map<string, Run[]>();
for (const surface of SURFACES) {
  const runs: Run[] = [];
  for (const racer of racers) runs.push(await best(racer, (rate) => descend(surface, racer, rate)));
  results.set(surface.name, runs);
}
const { train, test } = await datasets.loadDigits({ seed: 0 });
const accuracies = new Map<Run, number>();
const learned: Run[] = [];
for (const racer of racers) learned.push(await best(racer, (rate) => learn(racer, rate)));
results.set('Digits', learned);

for (const [name, runs] of results) show(name, runs);
table();
const lines = (points: (run: Run) => Line['points'], runs: readonly Run[]): Line[] =>
  runs.map((run, i) => ({ ...(racers[i] as Racer), points: points(run) }));
const panels = SURFACES.map((surface) => ({
  surface,
  ways: lines(({ way }) => way, results.get(surface.name) as Run[]),
}));
const title = `Digits: loss of ${epochs} epochs`;
const curves = { title, lines: lines(({ losses }) => losses.map((loss, i) => [i, loss]), learned) };
await writeFile(values.svg, picture(panels, curves, racers));
console.log(`\nThe picture: ${values.svg}`);

const stuck = [...results].filter(([, runs]) => runs.some(({ losses }) => !(last(losses) < (losses[0] as number))));
if (stuck.length > 0) {
  console.error(`expected all to end lower than they began, got higher on ${stuck.map(([name]) => name).join(', ')}`);
  process.exitCode = 1;
}

/** The run that ends lowest, at the rate given or the best one. */
async function best({ rate }: Racer, run: (rate: number) => Promise<Run>): Promise<Run> {
  let found: Run | undefined;
  for (const tried of rate === undefined ? RATES : [rate]) {
    const made = await run(tried);
    if (!found || last(made.losses) < last(found.losses)) found = made;
  }
  return found as Run;
}

/** Down a surface. Where that ends in the air, its last height is infinite. */
async function descend(surface: Surface, racer: Racer, rate: number): Promise<Run> {
  const [x, y] = surface.start.map((number) => variable([number], [])) as [Variable, Variable];
  const run: Run = { rate, losses: [], way: [surface.start] };
  const height = () => traced(surface, x, y);
  const onStep = async ({ loss }: { loss: number }) => {
    run.losses.push(loss);
    run.way.push([(await x.read())[0] as number, (await y.read())[0] as number]);
  };
  try {
    const stopWhen = { maxSteps: steps };
    await minimize(height, { variables: [x, y], optimizer: make(racer, rate), stopWhen, onStep });
  } catch (error) {
    if (!(error instanceof DescendError && error.code === 'NON_FINITE')) throw error;
    run.losses.push(Number.POSITIVE_INFINITY);
  }
  return run;
}

/** Through the digits, with the same network and the same first weights for everyone. */
async function learn(racer: Racer, rate: number): Promise<Run> {
  const layers = [
    new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
    new Flatten(),
    new Dense({ units: 32, activation: 'relu' }),
    new Dense({ units: 10, activation: 'softmax' }),
  ];
  const model = new Sequential(layers, { seed: 7 });
  model.compile({ optimizer: make(racer, rate), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const start = await model.evaluate(train.x, train.y);
  const { history } = await model.fit(train.x, train.y, { epochs, batchSize: 32, verbose: 0 });
  const run: Run = { rate, losses: [start.loss as number, ...(history.loss as number[])], way: [] };
  accuracies.set(run, (await model.evaluate(test.x, test.y)).accuracy as number);
  return run;
}

function make({ name }: Racer, learningRate: number): Optimizer {
  return optimizers.get({ className: name, config: { learningRate } });
}

/** Curves on a logarithmic scale. */
function show(name: string, runs: readonly Run[]): void {
  const series = runs.map(({ losses }) =>
    losses.map((loss, i): [number, number] => [i, Math.log10(Math.max(GROUND, Math.min(1e9, loss)))]),
  );
  const powers = series.flat().map(([, power]) => power);
  const customYAxisTicks = [Math.floor(Math.min(...powers)), 0, Math.ceil(Math.max(...powers))];
  const end = Math.max(...series.map((points) => points.length - 1));
  const customXAxisTicks = [0, 1, 2, 3, 4].map((quarter) => Math.round((quarter * end) / 4));
  const color = runs.map((_, i) => TERMINAL[i % TERMINAL.length] as (typeof TERMINAL)[0]);
  const legend = { position: 'right', series: runs.map((_, i) => (racers[i] as Racer).name) } as const;
  const formatter = (x: number, { axis }: { axis: string }) => (axis === 'y' ? `1e${x}` : x);
  const ticks = { customXAxisTicks, customYAxisTicks };
  console.log(plot(series, { title: name, width: 72, height: 12, color, legend, formatter, ...ticks }));
}

function table(): void {
  const head = ['', ...results.keys(), 'accuracy'];
  const rows = racers.map(({ name }, i) => {
    const runs = [...results.values()].map((all) => all[i] as Run);
    const cells = runs.map(({ rate, losses }) => `${last(losses).toExponential(1)} @${rate}`);
    return [name, ...cells, `${(100 * (accuracies.get(learned[i] as Run) ?? 0)).toFixed(1)} %`];
  });
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  console.log(`Height after ${steps} steps, and loss after ${epochs} epochs, @ the best learning rate:\n`);
  for (const row of all) console.log(row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  '));
}

function last(losses: readonly number[]): number {
  const loss = losses.at(-1) ?? Number.NaN;
  return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
}
