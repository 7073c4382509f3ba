// What crosses between a program and the thread its engine is in: calls of a store, in order, and their answers. Every
// message is a small array that structured cloning copies; large bytes are transferred.

import type { ErrorCode } from '../../errors.js';
import type { SyncEngine } from '../engine.js';
import type { Module } from '../wasm.js';

/** What a thread begins with. */
export interface Beginning {
  /** The first part of the module. */
  readonly wasm: Module;
  /** The first number that is free for what will be made. */
  readonly first: number;
  /** Numbers and lengths of buffers that an earlier thread took with it. */
  readonly lost: readonly (readonly [id: number, bytes: number])[];
  readonly limit: number;
}

/** What it says about itself then. */
export interface Begun {
  readonly simd: string;
  readonly threads: number;
}

/** The calls that cross. */
export interface Calls extends Omit<SyncEngine, 'keep' | 'apply' | 'leave'> {
  /** The first of all. */
  begin(beginning: Beginning): Begun;
  /** Gives the second part of the module, which a call that answered NOT_READY needs. */
  complete(second: Module): void;
}

/** A call by its name; whoever wants no answer numbers it 0. */
export type Request = {
  [Name in keyof Calls]: readonly [call: number, name: Name, args: Parameters<Calls[Name]>];
}[keyof Calls];

/**
 * What call number so-and-so gave, or why it was refused. Number 0, with a text: the lock of that name will be free when
 * the thread has ended.
 */
export type Answer =
  | readonly [call: number, value: unknown]
  | readonly [call: number, value: undefined, code: ErrorCode, message: string];
