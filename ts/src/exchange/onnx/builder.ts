// An ONNX graph as it grows: nodes, constants, names. Field numbers are those of onnx.proto3
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), operators those of opset 17.

import { Message } from '../../io/protobuf.js';

const OPSET = 17;
/** The version of the format that came with opset 17. */
const IR_VERSION = 8;
/** Types of elements. */
const FLOAT = 1;
const INT32 = 6;
export const INT64 = 7;

/** An attribute of a node: a whole number, a list of them, a text, a list of texts, or { f } a number, { fs } numbers. */
export type Attribute = number | readonly number[] | string | readonly string[] | { readonly f: number };

/** An input or output of the whole graph. */
export interface End {
  readonly name: string;
  /** Sizes behind the batch. */
  readonly shape: readonly number[];
  readonly integer: boolean;
}

/** Nodes in the order of their making. */
export class Builder {
  readonly #nodes: Message[] = [];
  readonly #constants: Message[] = [];
  readonly #names = new Set<string>();
  #scope = '';

  /** Names what `make` makes after a layer. */
  within<T>(layer: string, make: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${layer}/`;
    try {
      return make();
    } finally {
      this.#scope = outer;
    }
  }

  /** A node; its only result, or the first of them. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.nodes(op, inputs, attributes, 1)[0] as string;
  }

  /** A node of several results. */
  nodes(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    results: number,
  ): string[] {
    const name = this.#unique(op);
    const outputs = Array.from({ length: results }, (_, i) => (i === 0 ? name : `${name}:${i}`));
    const node = new Message();
    for (const input of inputs) node.string(1, input);
    for (const output of outputs) node.string(2, output);
    node.string(3, name).string(4, op);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attributeOf(key, value));
    this.#nodes.push(node);
    return outputs;
  }

  /** A constant of float32. */
  floats(word: string, data: ArrayLike<number>, shape: readonly number[]): string {
    const raw = new DataView(new ArrayBuffer(4 * data.length));
    for (let i = 0; i < data.length; i++) raw.setFloat32(4 * i, data[i] as number, true);
    return this.#constant(word, FLOAT, shape, raw);
  }

  /** One number. */
  scalar(value: number): string {
    return this.floats('number', [value], []);
  }

  /** A list of whole numbers, as shapes and axes are given. */
  ints(word: string, values: readonly number[]): string {
    const raw = new DataView(new ArrayBuffer(8 * values.length));
    for (const [i, value] of values.entries()) raw.setBigInt64(8 * i, BigInt(value), true);
    return this.#constant(word, INT64, [values.length], raw);
  }

  /** The whole model. */
  finish(name: string, inputs: readonly End[], outputs: readonly End[], version: string): Uint8Array<ArrayBuffer> {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const end of inputs) graph.message(11, valueInfo(end));
    for (const end of outputs) graph.message(12, valueInfo(end));
    const opset = new Message().string(1, '').varint(2, OPSET);
    const model = new Message().varint(1, IR_VERSION).string(2, 'descend').string(3, version);
    return model.message(7, graph).message(8, opset).finish();
  }

  /** Calls a value by the name of an output. */
  output(value: string, name: string): void {
    this.#nodes.push(new Message().string(1, value).string(2, name).string(3, `${name}/end`).string(4, 'Identity'));
  }

  #constant(word: string, type: number, shape: readonly number[], raw: DataView<ArrayBuffer>): string {
    const name = this.#unique(word);
    const tensor = new Message();
    if (shape.length > 0) tensor.varints(1, shape);
    this.#constants.push(tensor.varint(2, type).string(8, name).bytes(9, new Uint8Array(raw.buffer)));
    return name;
  }

  #unique(word: string): string {
    const plain = `${this.#scope}${word}`;
    let name = plain;
    for (let i = 1; this.#names.has(name); i++) name = `${plain}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Keeps a name for an input or output. */
  reserve(name: string): void {
    this.#names.add(name);
  }
}

function attributeOf(name: string, value: Attribute): Message {
  const attribute = new Message().string(1, name);
  if (typeof value === 'number') return attribute.varint(3, value).varint(20, 2);
  if (typeof value === 'string') return attribute.string(4, value).varint(20, 3);
  if ('f' in value) return attribute.float(2, value.f).varint(20, 1);
  if (typeof value[0] === 'string') {
    for (const text of value) attribute.string(9, text as string);
    return attribute.varint(20, 8);
  }
  return attribute.varints(8, value as readonly number[]).varint(20, 7);
}

function valueInfo({ name, shape, integer }: End): Message {
  const sizes = new Message().message(1, new Message().string(2, 'batch'));
  for (const size of shape) sizes.message(1, new Message().varint(1, size));
  const tensor = new Message().varint(1, integer ? INT32 : FLOAT).message(2, sizes);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}
