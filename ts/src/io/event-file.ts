// TensorBoard's event files: records of TFRecord form (length, its checksum, contents, their checksum), each a message
// `Event` of tensorflow/core/util/event.proto. https://www.tensorflow.org/tutorials/load_data/tfrecord

import { fail, quote } from '../errors.js';
import { crc32c } from './crc32.js';
import { reasonOf } from './file.js';
import { makeFolder } from './folder.js';
import { Message } from './protobuf.js';

let made = 0;

/** A file that events are added to. Throws FILE_IO. */
export class EventFile {
  readonly name: string;
  readonly #folder: string;
  #size: number;

  /** A new file in a folder, made by its first event; or that of a name, of which `size` bytes are to be kept. */
  constructor(folder: string, name: string = newName(), size = 0) {
    this.#folder = folder;
    this.name = name;
    this.#size = size;
  }

  /** Its length in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Cuts off what was written behind its `size`. Where less is there it begins anew. */
  async restore(): Promise<void> {
    await this.#change(async ({ stat, truncate }, path) => {
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      if (size < this.#size) this.#size = 0;
      if (size > 0) await truncate(path, this.#size);
    });
  }

  /** Adds a summary at a step. */
  async summary(step: number, values: readonly Message[]): Promise<void> {
    const summary = new Message();
    for (const value of values) summary.message(1, value);
    await this.#add(event(step).message(5, summary));
  }

  /** Adds a graph, a message `GraphDef`. */
  async graph(graph: Message): Promise<void> {
    await this.#add(event(0).message(4, graph));
  }

  async #add(message: Message): Promise<void> {
    const begins = this.#size === 0;
    if (begins) await makeFolder(this.#folder);
    const records = [...(begins ? [record(event(0).string(3, 'brain.Event:2'))] : []), record(message)];
    for (const bytes of records) {
      await this.#change(({ appendFile }, path) => appendFile(path, bytes));
      this.#size += bytes.length;
    }
  }

  async #change(work: (files: typeof import('node:fs/promises'), path: string) => Promise<void>): Promise<void> {
    const path = `${this.#folder}/${this.name}`;
    try {
      await work(process.getBuiltinModule('node:fs/promises'), path);
    } catch (cause) {
      throw fail('FILE_IO', `writing ${quote(path)}`, 'a writable file', reasonOf(cause), undefined, cause);
    }
  }
}

// TensorBoard knows event files by the word in their names, and reads them in the order of these.
function newName(): string {
  const seconds = Math.floor(Date.now() / 1000);
  return `events.out.tfevents.${seconds}.descend.${process.pid}.${String(made++).padStart(4, '0')}`;
}

/** A number as a value of a summary. */
export function scalar(tag: string, value: number): Message {
  return new Message().string(1, tag).float(2, value);
}

function event(step: number): Message {
  return new Message().double(1, Date.now() / 1000).varint(2, step);
}

function record(message: Message): Uint8Array {
  const contents = message.finish();
  const bytes = new Uint8Array(12 + contents.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length, true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(contents, 12);
  view.setUint32(12 + contents.length, masked(crc32c(contents)), true);
  return bytes;
}

// Checksums of data that hold checksums are weak, so those are turned and moved.
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
