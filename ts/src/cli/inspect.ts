// `descend inspect`: what is in a safetensors file, anybody's or ours. Runs nothing of what a file says.

import { createHash } from 'node:crypto';
import { DescendError, quote } from '../errors.js';
import { loadModel, type Network } from '../index.node.js';
import { readSource } from '../io/file.js';
import { readSafetensors, type SafetensorsFile } from '../io/safetensors.js';
import { readArguments } from './arguments.js';
import { noteOf } from './note.js';
import { bytes, grouped, print, table, visible } from './print.js';

export const usage = `Usage: descend inspect FILE.safetensors [--json]

Prints the tensors with their types, shapes and sizes, the metadata, the SHA-256 and, of a model saved by descend,
its architecture, how it was trained, and the hash of its weights (what model.hash() gives).`;

/** What is found in a file. */
interface Found {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tensors: readonly { name: string; dtype: string; shape: readonly number[]; bytes: number }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly model?: Description;
}

/** What is found in a model. */
interface Description {
  readonly summary: readonly string[];
  readonly parameters: number;
  readonly weightsSha256: string;
  readonly epochs: number;
  readonly steps: number;
  readonly optimizer?: { readonly className: string; readonly config: object; readonly iterations: number };
  readonly columns?: readonly string[];
  readonly target?: string;
  readonly classes?: readonly string[];
  /** Why the model could not be rebuilt. */
  readonly problem?: string;
}

/** Runs the command. */
export async function run(words: readonly string[]): Promise<number> {
  const given = readArguments(words, { json: { type: 'boolean' } }, ['FILE.safetensors']);
  const [path] = given.names as [string];
  const found = await look(path);
  if (given.values.json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else show(found);
  return 0;
}

async function look(path: string): Promise<Found> {
  const contents = await readSource(path);
  const file = readSafetensors(contents, quote(path));
  const tensors = [...file.tensors].map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    bytes: data.byteLength,
  }));
  const ours = file.metadata.has('descend');
  return {
    file: path,
    bytes: contents.length,
    sha256: createHash('sha256').update(contents).digest('hex'),
    tensors,
    metadata: Object.fromEntries(file.metadata),
    ...(ours && { model: await describe(contents, file) }),
  };
}

async function describe(contents: Uint8Array, { metadata }: SafetensorsFile): Promise<Description> {
  const nothing = { summary: [], parameters: 0, weightsSha256: '', epochs: 0, steps: 0 };
  try {
    const model = await loadModel(contents);
    const summary: string[] = [];
    model.summary((line) => summary.push(line));
    const compiled = model.compiledOrNone !== undefined;
    return {
      summary,
      parameters: model.built ? model.countParams() : 0,
      weightsSha256: model.built ? await model.hash() : '',
      ...model.position,
      ...(compiled && { optimizer: optimizerOf(model) }),
      ...noteOf(metadata),
    };
  } catch (error) {
    if (!(error instanceof DescendError)) throw error;
    return { ...nothing, problem: `${error.message} [${error.code}]` };
  }
}

function optimizerOf({ optimizer }: Network): NonNullable<Description['optimizer']> {
  const { className, iterations } = optimizer;
  return { className, config: optimizer.getConfig(), iterations };
}

function show({ file, bytes: size, sha256, tensors, metadata, model }: Found): void {
  print('File', `${visible(file)}, ${bytes(size)}`);
  print('SHA-256', sha256);
  if (model) showModel(model);
  const rows = tensors.map(({ name, dtype, shape, bytes: length }) => {
    return [visible(name), dtype, `[${shape.join(', ')}]`, bytes(length)];
  });
  process.stdout.write(`\n${table([['Tensor', 'Type', 'Shape', 'Size'], ...rows], [3])}`);
  const others = Object.entries(metadata).filter(([key]) => !(model && ['descend', 'data', 'format'].includes(key)));
  if (others.length === 0) return;
  process.stdout.write(
    `\n${table([['Metadata', ''], ...others.map(([key, value]) => [visible(key), excerpt(value)])])}`,
  );
}

function showModel({
  summary,
  weightsSha256,
  epochs,
  steps,
  optimizer,
  columns,
  target,
  classes,
  problem,
}: Description) {
  if (problem !== undefined) {
    print('Model', `saved by descend, but not to be rebuilt here: ${visible(problem)}`);
    return;
  }
  print('Weights', weightsSha256 === '' ? 'none yet: the model was not built' : `${weightsSha256} (what hash() gives)`);
  print('Trained', `${grouped(epochs)} epochs begun, ${grouped(steps)} steps`);
  if (optimizer) {
    const numbers = Object.entries(optimizer.config).filter(([, value]) => typeof value === 'number');
    const text = numbers.map(([name, value]) => `${name} ${value}`).join(', ');
    print('Optimizer', `${optimizer.className}, ${grouped(optimizer.iterations)} updates; ${text}`);
  }
  if (columns) print('Columns', excerpt(columns.join(', ')));
  if (target !== undefined) print('Target', excerpt(target));
  if (classes) print('Classes', excerpt(classes.join(', ')));
  process.stdout.write(`\n${summary.map((line) => `${visible(line)}\n`).join('')}`);
}

function excerpt(text: string): string {
  return visible(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
