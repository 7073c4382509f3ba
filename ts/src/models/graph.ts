// How the layers of a functional model hang together: the uses of layers between its inputs and outputs, in an order in
// which each comes after those it needs. Refuses outputs that need something that is not among the inputs.

import { fail } from '../errors.js';
import type { AnyLayer, Layer } from '../layers/layer.js';
import type { Application, SymbolicTensor } from '../layers/symbolic.js';

/** Uses of layers and the layers themselves, as Keras orders them: the farthest from an output first. */
export interface Assembly {
  readonly applications: readonly Application[];
  readonly layers: readonly Layer[];
}

/** What lies between `inputs` and `outputs`. Throws INVALID_VALUE. */
export function assemble(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Assembly {
  const known = new Set(inputs);
  const order = sorted(known, outputs);
  // The longest way from each use to an output.
  const depths = new Map<Application, number>();
  const layerDepths = new Map<AnyLayer, number>();
  for (const application of [...order].reverse()) {
    const depth = depths.get(application) ?? 0;
    depths.set(application, depth);
    layerDepths.set(application.layer, Math.max(depth, layerDepths.get(application.layer) ?? 0));
    for (const x of application.inputs) {
      if (!known.has(x)) depths.set(x.source, Math.max(depth + 1, depths.get(x.source) ?? 0));
      else if (x.source.inputs.length === 0) {
        layerDepths.set(x.layer, Math.max(depth + 1, layerDepths.get(x.layer) ?? 0));
      }
    }
  }
  const layers = [...new Set(order.flatMap(withInputs(known)))];
  const deepest = (a: AnyLayer, b: AnyLayer): number => (layerDepths.get(b) ?? 0) - (layerDepths.get(a) ?? 0);
  return { applications: order, layers: layers.sort(deepest) as unknown as Layer[] };
}

// Each use after the uses that its inputs come from, without recursion: chains may be long.
function sorted(known: ReadonlySet<SymbolicTensor>, outputs: readonly SymbolicTensor[]): Application[] {
  const done = new Set<Application>();
  const begun = new Set<Application>();
  for (const output of outputs) {
    if (known.has(output)) continue;
    const stack = [output.source];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (done.has(top) || begun.has(top)) {
        stack.pop();
        done.add(top);
        continue;
      }
      begun.add(top);
      if (top.inputs.length === 0) throw disconnected(top.layer);
      for (const x of [...top.inputs].reverse()) if (!known.has(x) && !done.has(x.source)) stack.push(x.source);
    }
  }
  return [...done];
}

// The layers of a use: of its inputs where they are those of the model, and its own.
function withInputs(known: ReadonlySet<SymbolicTensor>): (application: Application) => AnyLayer[] {
  return ({ layer, inputs }) => [
    ...inputs.filter((x) => known.has(x) && x.source.inputs.length === 0).map((x) => x.layer),
    layer,
  ];
}

function disconnected(layer: AnyLayer): Error {
  const hint = 'name it among the inputs';
  return fail('INVALID_VALUE', 'Model', 'outputs made of the inputs alone', `one that needs ${layer.name}`, hint);
}
