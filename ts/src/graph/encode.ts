// A traced graph, and what to do with its values each step, as the bytes of a plan. The format is that of the core's
// decoder (`crates/core/src/graph/decode.rs`, `plan/mod.rs`), both built together.

import type { Decay } from '../declaration.js';
import { fail } from '../errors.js';
import { coefOf, type Dim, powerOf, sameShape, shapeText } from './dims.js';
import type { Attr, Node, Type } from './node.js';
import type { DType, Stored, Tensor } from './tensor.js';
import { Tracer } from './trace.js';
import { Writer } from './writer.js';

const VERSION = 3;
const MAGIC = 'descend\0';
const DTYPES: readonly DType[] = ['float32', 'int32', 'uint8', 'bool'];
const SOURCES = ['variable', 'data', 'scalar', 'parameter'] as const;
const TAGS = ['int', 'float', 'ints', 'dims', 'str', 'graph'] as const;

/** What to do about a gradient that is NaN or infinite. */
export type OnNonFinite = 'throw' | 'skip' | 'propagate';

/** One parameter, its gradient, and its pieces of optimizer state. */
export interface Segment {
  /** What errors call the parameter. */
  readonly name: string;
  readonly variable: Stored;
  readonly gradient: Tensor;
  /** An estimate of the Hessian's diagonal. */
  readonly curvature?: Tensor | undefined;
  readonly decay: boolean;
  /** Whether its rule is to take it for a vector, whatever its shape. */
  readonly vector: boolean;
  readonly states: readonly Stored[];
}

/** One optimizer's part of a step. */
export interface UpdatePart {
  /** Its registered name and switches, as bytes; then those of what is around it. */
  readonly optimizer: Uint8Array;
  /** How state of a parameter's size is kept: float32, bfloat16, int8. */
  readonly stateDtype: number;
  /** Whether rows without a gradient stay as they are. */
  readonly lazy: boolean;
  readonly segments: readonly Segment[];
  readonly onNonFinite: OnNonFinite;
  readonly decay: Decay;
  readonly maximize: boolean;
  /** How steps make updates, and how the loss is scaled, as bytes. */
  readonly around: Uint8Array;
  /** Whether its gradients are clipped together with those of the part before. */
  readonly joined: boolean;
}

/** The end of a step. */
export interface UpdateSpec {
  readonly parts: readonly UpdatePart[];
  /** Whether the norm of the update is wanted. */
  readonly measures: boolean;
  /** What variables are held to once they are updated: set to functions of themselves. */
  readonly constraints: readonly (readonly [variable: Stored, hold: (x: Tensor) => Tensor])[];
}

/** What a plan does with the values of its graph each step. */
export interface PlanSpec {
  /** float32 scalars reported as numbers; the first is the loss, where there is one. */
  readonly reports?: readonly Tensor[];
  /** Values written to output buffers, by slot; those with a leading batch go to their rows. */
  readonly writes?: readonly Tensor[];
  /** Variables set to a value when the step commits. */
  readonly assigns?: readonly (readonly [value: Tensor, variable: Stored])[];
  readonly update?: UpdateSpec;
}

/** The tag of a dtype in plans and calls. */
export function dtypeTag(dtype: DType): number {
  return DTYPES.indexOf(dtype);
}

/** The bytes of a plan: the same trace and spec give the same bytes. Slots of variables are then `tracer.slots`. */
export function encodePlan(tracer: Tracer, spec: PlanSpec): Uint8Array {
  const { reports = [], writes = [], assigns = [], update } = spec;
  const w = new Writer();
  for (const char of MAGIC) w.u8(char.charCodeAt(0));
  w.u8(VERSION);
  writeGraph(w, tracer);
  list(w, reports, (x) => w.varuint(x.id));
  list(w, writes, (x, slot) => {
    w.varuint(x.id);
    w.varuint(slot);
  });
  list(w, assigns, ([value, variable]) => {
    w.varuint(value.id);
    w.varuint(tracer.slotOf(variable));
  });
  list(w, update?.parts ?? [], (part) => writePart(w, tracer, part));
  if (update) writeRest(w, update);
  if (update && update.constraints.length > 0) writeAfter(w, new Tracer(undefined, tracer), update);
  return w.finish();
}

// A graph of its own, which reads the variables as the update left them.
function writeAfter(w: Writer, tracer: Tracer, { constraints }: UpdateSpec): void {
  const held = tracer.run(() => constraints.map(([variable, hold]) => hold(tracer.variable(variable))));
  constraints.forEach(([{ shape }, _], i) => {
    const value = held[i] as Tensor;
    if (sameShape(value.shape, shape) && value.dtype === 'float32') return;
    throw fail('SHAPE_MISMATCH', 'constraint', `float32${shapeText(shape)}`, String(value), 'keep the shape');
  });
  writeGraph(w, tracer);
  list(w, constraints, ([variable], i) => {
    w.varuint((held[i] as Tensor).id);
    w.varuint(tracer.slotOf(variable));
  });
}

function writeRest(w: Writer, { measures, parts }: UpdateSpec): void {
  const curvatures = parts.flatMap(({ segments }) => segments.map(({ curvature }) => curvature));
  const curved = curvatures.some((curvature) => curvature !== undefined);
  w.u8((measures ? 1 : 0) + (curved ? 2 : 0));
  if (curved) for (const curvature of curvatures) w.varuint(curvature ? curvature.id + 1 : 0);
}

function writePart(w: Writer, tracer: Tracer, part: UpdatePart): void {
  w.bytes(part.optimizer);
  w.u8(part.stateDtype);
  w.u8(part.lazy ? 1 : 0);
  list(w, part.segments, ({ name, variable, gradient, decay, vector, states }) => {
    w.str(name);
    w.varuint(tracer.slotOf(variable));
    w.varuint(gradient.id);
    w.u8((decay ? 1 : 0) + (vector ? 2 : 0));
    list(w, states, (state) => w.varuint(tracer.slotOf(state)));
  });
  w.u8(['throw', 'skip', 'propagate'].indexOf(part.onNonFinite));
  w.u8(['decoupled', 'coupled', 'independent', 'inside'].indexOf(part.decay));
  w.u8(part.maximize ? 1 : 0);
  w.bytes(part.around);
  w.u8(part.joined ? 1 : 0);
}

function writeGraph(w: Writer, tracer: Tracer): void {
  list(w, tracer.nodes, (node) => writeNode(w, node));
  list(w, tracer.results, (x) => w.varuint(x.id));
}

function writeNode(w: Writer, node: Node): void {
  switch (node.kind) {
    case 'op':
      w.u8(4);
      w.str(node.name);
      list(w, node.inputs, (id) => w.varuint(id));
      list(w, Object.entries(node.attrs), ([name, attr]) => {
        w.str(name);
        writeAttr(w, attr);
      });
      break;
    case 'gradients':
      w.u8(5);
      list(w, node.ys, ({ id, seed }) => {
        w.varuint(id);
        w.varuint(seed === undefined ? 0 : seed + 1);
      });
      list(w, node.xs, (id) => w.varuint(id));
      break;
    case 'again':
      w.u8(node.begins ? 6 : 7);
      break;
    default:
      w.u8(SOURCES.indexOf(node.kind));
      w.varuint(node.index);
      writeType(w, node.type);
  }
}

function writeType(w: Writer, type: Type): void {
  w.u8(dtypeTag(type.dtype));
  list(w, type.shape, (dim) => writeDim(w, dim));
}

function writeDim(w: Writer, dim: Dim): void {
  w.varuint(coefOf(dim));
  w.u8(powerOf(dim));
}

function writeAttr(w: Writer, attr: Attr): void {
  w.u8(TAGS.indexOf(attr.tag));
  switch (attr.tag) {
    case 'int':
      w.varuint(zigzag(attr.value));
      break;
    case 'float':
      w.f64(attr.value);
      break;
    case 'ints':
      list(w, attr.value, (x) => w.varuint(zigzag(x)));
      break;
    case 'dims':
      list(w, attr.value, (dim) => writeDim(w, dim));
      break;
    case 'str':
      w.str(attr.value);
      break;
    default:
      writeGraph(w, attr.value);
  }
}

const zigzag = (x: number): number => (x < 0 ? -2 * x - 1 : 2 * x);

function list<T>(w: Writer, entries: readonly T[], write: (entry: T, index: number) => void): void {
  w.varuint(entries.length);
  entries.forEach(write);
}
