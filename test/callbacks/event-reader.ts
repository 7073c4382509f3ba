// A strict reader of event files, written from their description alone: checksums bit by bit, every byte accounted for.

/** A field of a message: a number, or bytes. */
type Field = readonly [number: number, wireType: number, value: bigint | Uint8Array];

export interface Event {
  time: number;
  step: number;
  version?: string;
  graph?: Node[];
  scalars: Record<string, number>;
  histograms: Record<string, Histogram>;
}

export interface Histogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  limits: number[];
  counts: number[];
}

export interface Node {
  name: string;
  op: string;
  inputs: string[];
  shapes: number[][];
}

/** CRC-32C as polynomial division, one bit after the other. */
export function crc32cByBits(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const odd = (rest ^ (byte >>> bit)) & 1;
      rest = (rest >>> 1) ^ (odd ? 0x82f63b78 : 0);
    }
  }
  return ~rest >>> 0;
}

/** The contents of TFRecords. Throws where a checksum or a length is not right. */
export function records(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const check = (part: Uint8Array, at: number) => {
    const crc = BigInt(crc32cByBits(part));
    const masked = (((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn;
    if (Number(masked) !== view.getUint32(at, true)) throw new Error(`checksum at ${at}`);
  };
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    check(bytes.subarray(at, at + 8), at + 8);
    const contents = bytes.subarray(at + 12, at + 12 + length);
    if (contents.length !== length) throw new Error('cut off');
    check(contents, at + 12 + length);
    found.push(contents);
    at += 16 + length;
  }
  return found;
}

/** The fields of a message, in order. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new Error('varint');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error('field beyond the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wireType = key & 7;
    if (wireType === 0) fields.push([key >>> 3, 0, varint()]);
    else if (wireType === 1) fields.push([key >>> 3, 1, take(8)]);
    else if (wireType === 2) fields.push([key >>> 3, 2, take(Number(varint()))]);
    else if (wireType === 5) fields.push([key >>> 3, 5, take(4)]);
    else throw new Error(`wire type ${wireType}`);
  }
  return fields;
}

const bytesOf = ([, , value]: Field) => value as Uint8Array;
const view = (field: Field) => new DataView(bytesOf(field).slice().buffer);
const text = (field: Field) => new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(field));
const float = (field: Field) => view(field).getFloat32(0, true);
const double = (field: Field) => view(field).getFloat64(0, true);
const doubles = (field: Field) =>
  Array.from({ length: bytesOf(field).length / 8 }, (_, i) => view(field).getFloat64(8 * i, true));

/** The events of a file. Throws for fields that it does not know. */
export function eventsIn(bytes: Uint8Array): Event[] {
  return records(bytes).map((record) => {
    const event: Event = { time: Number.NaN, step: 0, scalars: {}, histograms: {} };
    for (const field of fieldsOf(record)) {
      const kind = `${field[0]}:${field[1]}`;
      if (kind === '1:1') event.time = double(field);
      else if (kind === '2:0') event.step = Number(field[2]);
      else if (kind === '3:2') event.version = text(field);
      else if (kind === '4:2') event.graph = nodesIn(bytesOf(field));
      else if (kind === '5:2') for (const value of fieldsOf(bytesOf(field))) readValue(event, value);
      else throw new Error(`event field ${kind}`);
    }
    return event;
  });
}

function readValue(event: Event, [number, , value]: Field): void {
  if (number !== 1) throw new Error(`summary field ${number}`);
  const fields = new Map(fieldsOf(value as Uint8Array).map((field) => [`${field[0]}:${field[1]}`, field]));
  const tag = text(fields.get('1:2') as Field);
  const [number2, histo] = [fields.get('2:5'), fields.get('5:2')];
  if (number2) event.scalars[tag] = float(number2);
  else if (histo) {
    const [min, max, num, sum, sumSquares, limits, counts] = fieldsOf(bytesOf(histo)) as [
      Field,
      Field,
      Field,
      Field,
      Field,
      Field,
      Field,
    ];
    const numbers = { min: double(min), max: double(max), num: double(num), sum: double(sum) };
    const spread = { sumSquares: double(sumSquares), limits: doubles(limits), counts: doubles(counts) };
    event.histograms[tag] = { ...numbers, ...spread };
  } else throw new Error(`value ${[...fields.keys()]}`);
}

function nodesIn(graph: Uint8Array): Node[] {
  return fieldsOf(graph)
    .filter(([number]) => number === 1)
    .map((field) => {
      const fields = fieldsOf(bytesOf(field));
      const texts = (number: number) => fields.filter((one) => one[0] === number).map(text);
      const shapes = fields.filter((one) => one[0] === 5).flatMap((one) => shapesIn(bytesOf(one)));
      return { name: texts(1)[0] as string, op: texts(2)[0] as string, inputs: texts(3), shapes };
    });
}

// attr { key: "_output_shapes" value { list { shape { dim { size } } } } }
function shapesIn(attribute: Uint8Array): number[][] {
  const [key, value] = fieldsOf(attribute) as [Field, Field];
  if (text(key) !== '_output_shapes') throw new Error(text(key));
  const list = fieldsOf(bytesOf(value))[0] as Field;
  return fieldsOf(bytesOf(list)).map((shape) =>
    fieldsOf(bytesOf(shape)).map((dim) => {
      const size = fieldsOf(bytesOf(dim))[0]?.[2] as bigint;
      return Number(BigInt.asIntN(64, size));
    }),
  );
}
