// Many steps of one optimizer over 1,003 parameters. Runs in Node and, served as it is, in a page.

import { minimize, type Optimizer, ops, optimizers, variable, wrappers } from 'descend';
import { noise } from '../noise.ts';
import { coded, combinations, givenTo, surrounded } from '../optimizers/combinations.ts';
import { sha256 } from './sha256.ts';

const SHAPES = [[500], [20, 25], [3]] as const;
export const STEPS = 200;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

// Ordinary steps, and among them tiny ones, whose squares are denormal or nothing, huge ones, and some with only zeros.
const SCALES = [1, 1, 0.1, 1, 1e-20, 1, 1e10, 1, 0, 1e-38];

let made: Float32Array[][] | undefined;

function gradients(): Float32Array[][] {
  made ??= Array.from({ length: STEPS }, (_, t) =>
    SHAPES.map((shape, i) => noise(sizeOf(shape), 1000 + 3 * t + i).map((x) => x * SCALES[t % SCALES.length]!)),
  );
  return made;
}

/** The SHA-256 of parameters and state after 200 steps. */
export async function hashAfter(optimizer: Optimizer): Promise<string> {
  const variables = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), i), [...shape], { name: `w${i}` }));
  for (const [t, step] of gradients().entries()) {
    optimizer.applyGradients(
      step.map((g, i) => [g, variables[i]!]),
      givenTo(optimizer, t, variables),
    );
  }
  const state = Object.values(optimizer.stateDict().variables).flatMap((pieces) => Object.values(pieces));
  return await sha256([...variables.map((w) => w.data as Float32Array), ...state.map(({ data }) => data)]);
}

/** Rules and wrappers that evaluate the loss more than once in a step, and those that look at more than gradients. */
export function driven(): { name: string; make(): Optimizer }[] {
  const make = (name: string, className: string, options: object, by: readonly wrappers.Wrapper[] = []) => ({
    name: `minimize, ${name}`,
    make: () => optimizers.get({ className, config: { ...options, wrappers: by } }),
  });
  return [
    make('LBFGS', 'LBFGS', { learningRate: 0.1, maxIter: 4 }),
    make('LBFGS, strong Wolfe', 'LBFGS', { strongWolfe: true, historySize: 5 }),
    make('SGD in SAM', 'SGD', { learningRate: 0.01, momentum: 0.875 }, [new wrappers.SAM()]),
    make('Adam in SAM', 'Adam', { learningRate: 0.01, globalClipnorm: 1.5 }, [new wrappers.SAM({ rho: 0.5 })]),
    make('Adam in ASAM', 'Adam', { learningRate: 0.01 }, [new wrappers.SAM({ rho: 0.5, adaptive: true })]),
    make('Sophia', 'Sophia', { learningRate: 0.01, updateInterval: 3 }),
    make('PolyakSGD', 'PolyakSGD', {}),
    make('MoMo', 'MoMo', {}),
    make('MoMoAdam', 'MoMoAdam', {}),
  ];
}

/** The SHA-256 of parameters and state after 60 steps down a function with valleys. */
export async function hashMinimized(optimizer: Optimizer): Promise<string> {
  const variables = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), i), [...shape], { name: `w${i}` }));
  const targets = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), 7 + i), [...shape]));
  const loss = () =>
    variables
      .map((w, i) => ops.sum(ops.square(ops.sub(ops.add(ops.tanh(w), ops.square(w)), targets[i]!))))
      .reduce((sum, part) => ops.add(sum, part));
  await minimize(loss, { variables, optimizer, stopWhen: { maxSteps: 60 }, seed: 1 });
  const state = Object.values(optimizer.stateDict().variables).flatMap((pieces) => Object.values(pieces));
  return await sha256([...variables.map((w) => w.data as Float32Array), ...state.map(({ data }) => data)]);
}

/** That of every optimizer and combination of options, by name. */
export async function hashes(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { name, make } of [...combinations(), ...surrounded(), ...coded()]) all[name] = await hashAfter(make());
  for (const { name, make } of driven()) all[name] = await hashMinimized(make());
  return all;
}
