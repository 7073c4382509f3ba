// What a model file says about the data it was trained on, beside the model: names of columns and classes. Any reader of
// safetensors passes over it. Refuses nothing but what it would have to trust: a malformed note counts as none.

import { readSealed, writeSealed } from '../io/sealed.js';

const KEY = 'data';

/** Names that numbers stand for. */
export interface Note {
  /** The columns that are a sample, in order; none for images. */
  readonly columns?: readonly string[];
  /** What is predicted. */
  readonly target?: string;
  /** The names of the classes, in the order of the outputs; none in regression. */
  readonly classes?: readonly string[];
}

/** The bytes of a model with a note. */
export function withNote(model: Uint8Array, note: Note): Uint8Array {
  const { tensors, metadata } = readSealed(model, 'model');
  return writeSealed(tensors, metadata.set(KEY, JSON.stringify(note)));
}

/** The note among a file's metadata. */
export function noteOf(metadata: ReadonlyMap<string, string>): Note {
  const parts = partsOf(metadata.get(KEY));
  const columns = texts(parts.get('columns'));
  const classes = texts(parts.get('classes'));
  const target = parts.get('target');
  return {
    ...(columns && { columns }),
    ...(typeof target === 'string' && { target }),
    ...(classes && { classes }),
  };
}

function partsOf(json: string | undefined): Map<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return new Map(Object.entries(value ?? {}));
  } catch {
    return new Map();
  }
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}
