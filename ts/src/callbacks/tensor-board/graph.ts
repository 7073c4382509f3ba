// The graph of a model's layers, as TensorBoard draws it: a message `GraphDef`, whose nodes are uses of layers.

import type { Dim } from '../../graph/dims.js';
import { Message } from '../../io/protobuf.js';
import type { Layer } from '../../layers/layer.js';
import type { SymbolicTensor } from '../../layers/symbolic.js';
import type { Network } from '../../models/network.js';
import { classNameOf } from '../../units.js';

/** What a functional model has besides. */
type Ends = Partial<Record<'inputs' | 'outputs', readonly SymbolicTensor[]>>;

/** The shape of a result: the batch, which has no fixed size, comes first. */
type Shape = readonly Dim[];

/** A built model as a `GraphDef`; models inside of it are drawn as groups that open. */
export function graphOf(model: Network): Message {
  const graph = new Message();
  addModel(graph, model, '', undefined);
  // The oldest reader of graphs there is can read this one.
  return graph.message(4, new Message().varint(1, 1));
}

// Adds the nodes of a model; gives the names of those that its outputs come from.
function addModel(graph: Message, model: Network, scope: string, given: readonly string[] | undefined): string[] {
  const { inputs, outputs } = model as Ends;
  if (!inputs || !outputs) return [addChain(graph, model, scope, given)];
  const names = new Map<SymbolicTensor, string>();
  for (const [i, input] of inputs.entries()) {
    const own = `${scope}${input.layer.name}`;
    if (given === undefined) addNode(graph, own, 'InputLayer', [], [input.shape]);
    names.set(input, given?.[i] ?? own);
  }
  const uses = new Map<object, number>();
  for (const output of outputs) addUses(graph, output, scope, names, uses);
  return outputs.map((output) => names.get(output) as string);
}

// Adds the use of a layer that makes `x` and all those before it; without recursion, for chains may be long.
function addUses(
  graph: Message,
  x: SymbolicTensor,
  scope: string,
  names: Map<SymbolicTensor, string>,
  uses: Map<object, number>,
): void {
  const stack = [x];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const missing = names.has(top) ? [] : top.source.inputs.filter((input) => !names.has(input));
    if (missing.length > 0) {
      stack.push(...missing.reverse());
      continue;
    }
    stack.pop();
    if (names.has(top)) continue;
    const { layer, inputs, outputs } = top.source;
    const use = uses.get(layer) ?? 0;
    uses.set(layer, use + 1);
    const name = `${scope}${layer.name}${use === 0 ? '' : `_use_${use}`}`;
    const shapes = outputs.map(({ shape }) => shape);
    const from = inputs.map((input) => names.get(input) as string);
    const made = addLayer(graph, layer as unknown as Layer, name, from, shapes);
    for (const [i, output] of outputs.entries()) names.set(output, made[i] ?? (made[0] as string));
  }
}

// A Sequential: the layers one after the other.
function addChain(graph: Message, model: Network, scope: string, given: readonly string[] | undefined): string {
  let from = given?.[0];
  if (from === undefined) {
    from = `${scope}input`;
    addNode(graph, from, 'InputLayer', [], [['?', ...model.inputShape] as unknown as Shape]);
  }
  for (const [i, layer] of model.layers.entries()) {
    const shape = ['?', ...(model.outputShapes[i] as readonly number[])] as unknown as Shape;
    from = addLayer(graph, layer, `${scope}${layer.name}`, [from], [shape])[0] as string;
  }
  return from;
}

function addLayer(
  graph: Message,
  layer: Layer,
  name: string,
  inputs: readonly string[],
  shapes: readonly Shape[],
): string[] {
  if ('compile' in layer) return addModel(graph, layer as unknown as Network, `${name}/`, inputs);
  addNode(graph, name, classNameOf(layer), inputs, shapes);
  return [name];
}

// `NodeDef`: name, op, inputs, and the attribute that shapes along edges are read from.
function addNode(graph: Message, name: string, op: string, inputs: readonly string[], shapes: readonly Shape[]): void {
  const node = new Message().string(1, name).string(2, op);
  for (const input of inputs) node.string(3, input);
  const list = new Message();
  for (const shape of shapes) {
    const sizes = new Message();
    for (const size of shape) sizes.message(2, new Message().varint(1, typeof size === 'number' ? size : -1));
    list.message(7, sizes);
  }
  const attribute = new Message().string(1, '_output_shapes').message(2, new Message().message(1, list));
  graph.message(1, node.message(5, attribute));
}
