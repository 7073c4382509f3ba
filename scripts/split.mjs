// Splits the optimised WASM module into what ordinary applications run, and the rest, which is fetched when something needs
// it. The rest is what only `part::gate` of the core leads to (crates/core/src/part.rs): found by following calls, addresses
// of functions and addresses of data from the exports, and never guessed. Both parts share memory, table and stack: functions
// of the second have places in the table, which are empty until it is instantiated.

/** Functions that lead to the second part, and those that are its own whoever refers to them. */
export const GATE = '::part::gate::';
// Methods of ops that only gates call, though they stand in the ops' tables: the f64 oracle, and the simpler ops that an op is
// differentiated by.
const OWN = /^<.* as .*>::(oracle|expand|f64)$/;
/** Panics: nobody reads what they say here, for a crash is told by the trap itself. */
const PANIC =
  /^(core::panicking::|core::(option|result|cell|str|slice)::.*(failed|_fail|fail_rt|already_(mutably_)?borrowed)$|core::slice::index::.*fail|std::panicking::|std::thread::local::panic|__rustc::rust_begin_unwind|alloc::(raw_vec::handle_error|alloc::handle_alloc_error)|.*::assert_failed(::<.*>)?$)/;
// As the linker and binaryen call them.
const TABLE = '0';
const STACK = '__stack_pointer';
/** Most zeros between two segments that weigh less than the head of another. */
const GAP = 6;

const NAME = /\$("(?:[^"\\]|\\.)*"|[^\s()]+)/;
const plain = (name) => name.replace(/^"|"$/g, '').replace(/\[[0-9a-f]{16}\]/g, '');

/** The same module with every panic a plain trap, and without what wasm-bindgen brings for objects of JavaScript. */
export function withoutPanics(text) {
  return forms(text)
    .filter((form) => !/^\((import|table|export) .*\W__/.test(form))
    .map((form) => {
      if (!form.startsWith('(func ') || !PANIC.test(plain(NAME.exec(form)[1]))) return form;
      return `${form.split('\n', 1)[0]} (unreachable))`;
    })
    .join('\n');
}

/** The same module with functions that take and give the same next to each other: gzip looks back no further than 32 kB. */
export function inFamilies(text) {
  const all = forms(text);
  const key = new Map(all.map((form) => [form, `${typeOf(form)} ${plain(NAME.exec(form)?.[1] ?? '')}`]));
  const functions = all.filter((form) => form.startsWith('(func '));
  functions.sort((a, b) => (key.get(a) < key.get(b) ? -1 : 1));
  const others = all.slice(0, -1).filter((form) => !form.startsWith('(func '));
  return [...others, ...functions, ')'].join('\n');
}

/** The top-level forms of a module, whose text binaryen indents by one space. */
function forms(text) {
  const [head, ...rest] = text.trimEnd().replace(/\)$/, '').split('\n (');
  return [head, ...rest.map((form) => `(${form.trimEnd()}`), ')'];
}

/**
 * The texts of the two modules. What leads where is read from `linked`, in which addresses stand as the linker wrote them
 * (it puts each into the data it means, or behind its end); `optimised` is what is split, and may compute with them.
 */
export function split(linked, optimised) {
  const module = read(optimised);
  const needed = (outside) => present(module, reachable(read(linked), outside), outside);
  const [first, live] = [needed(outside), needed(() => false)];
  const more = { functions: without(live.functions, first.functions), data: without(live.data, first.data) };
  // Where the second part's functions stand in the table: in the places they had, or behind all others.
  const places = module.table.names.map((name, i) => ({ name, at: module.table.first + i }));
  const placeOf = new Map(places.map(({ name, at }) => [name, at]));
  const called = calledBy(module, first.functions);
  const entered = [...more.functions].filter((name) => called.has(name));
  for (const name of entered.filter((name) => !placeOf.has(name))) {
    placeOf.set(name, module.table.first + places.length);
    places.push({ name, at: placeOf.get(name) });
  }
  const shared = [...calledBy(module, more.functions)]
    .filter((name) => !more.functions.has(name))
    .map((name, i) => ({ name, as: i.toString(36) }));
  const parts = { module, first, more, places, placeOf, entered, shared };
  return { descend: firstPart(parts), 'descend.more': secondPart(parts) };
}

/** What of the optimised module is needed, when that is what is needed of the linked one. */
function present({ functions, data, table, exported }, found, outside) {
  const names = new Set();
  const open = [...exported, ...found.functions, ...[...found.places].map((i) => table.names[i])];
  for (const name of open) {
    if (names.has(name) || !functions.has(name) || outside(name)) continue;
    names.add(name);
    // Functions that were one and the same are one now, under either name.
    open.push(...functions.get(name).calls);
  }
  return { functions: names, data: new Set(data.filter(({ at }) => found.data.has(at))) };
}

const calledBy = ({ functions }, names) => new Set([...names].flatMap((name) => [...functions.get(name).calls]));
const without = (all, some) => new Set([...all].filter((one) => !some.has(one)));
const outside = (name) => plain(name).includes(GATE) || OWN.test(plain(name));

function firstPart({ module, first, places, placeOf, entered, shared }) {
  const size = module.table.first + places.length;
  const others = module.others.map(({ kind, form }) =>
    kind === 'table' && form.endsWith('funcref)') ? `(table $${TABLE} ${size} ${size} funcref)` : form,
  );
  const stubs = entered.map((name) => stub(module.functions.get(name).form, placeOf.get(name)));
  return moduleOf([
    ...others,
    `(export "T" (table $${TABLE}))`,
    `(export "S" (global $${STACK}))`,
    ...shared.map(({ name, as }) => `(export "${as}" (func $${name}))`),
    ...[...module.functions.values()].filter(({ name }) => first.functions.has(name)).map(({ form }) => form),
    ...stubs,
    ...elements(places, first.functions),
    ...contents(module.data, first.data),
  ]);
}

function secondPart({ module, more, places, shared }) {
  const ofKind = (wanted) => module.others.filter(({ kind }) => kind === wanted).map(({ form }) => form);
  const heads = new Map(
    [...module.functions.values(), ...module.imported].map(({ name, form }) => [name, typeOf(form)]),
  );
  return moduleOf([
    ...ofKind('type'),
    '(import "a" "memory" (memory $0 0))',
    `(import "a" "T" (table $${TABLE} 0 funcref))`,
    `(import "a" "S" (global $${STACK} (mut i32)))`,
    ...shared.map(({ name, as }) => `(import "a" "${as}" (func $${name} ${heads.get(name)}))`),
    ...[...module.functions.values()].filter(({ name }) => more.functions.has(name)).map(({ form }) => form),
    ...elements(places, more.functions),
    ...contents(module.data, more.data),
  ]);
}

const moduleOf = (forms) => `(module\n${forms.join('\n')}\n)\n`;
/** What a function takes and gives, without names. */
const typeOf = (form) =>
  [...form.split('\n', 1)[0].matchAll(/\((param|result) (?:\$\S+ )?([^()]*)\)/g)]
    .map(([, kind, types]) => `(${kind} ${types})`)
    .join(' ');

/** A function that calls the one at a place of the table. */
function stub(form, place) {
  const head = form.split('\n', 1)[0];
  const args = [...head.matchAll(/\(param (\$\S+) /g)].map(([, name]) => `(local.get ${name})`);
  return `${head} (call_indirect $${TABLE} ${typeOf(head)} ${args.join(' ')} (i32.const ${place})))`;
}

/** Fills the places of these functions, neighbours at once. */
function elements(places, wanted) {
  const runs = [];
  for (const { name, at } of places.filter(({ name }) => wanted.has(name))) {
    const last = runs.at(-1);
    if (last && last.at + last.names.length === at) last.names.push(`$${name}`);
    else runs.push({ at, names: [`$${name}`] });
  }
  return runs.map(({ at, names }) => `(elem (table $${TABLE}) (i32.const ${at}) func ${names.join(' ')})`);
}

/** The wanted ones of all segments, neighbours joined: each has a head. */
function contents(all, wanted) {
  const runs = [];
  let last;
  for (const segment of all) {
    const { at, bytes } = segment;
    const gap = last ? at - last.at - last.bytes.length : Number.POSITIVE_INFINITY;
    if (!wanted.has(segment)) last = undefined;
    else if (gap <= GAP) last.bytes.push(...new Uint8Array(gap), ...bytes);
    else {
      last = { at, bytes: [...bytes] };
      runs.push(last);
    }
  }
  const hex = (byte) => `\\${byte.toString(16).padStart(2, '0')}`;
  return runs.map(({ at, bytes }) => `(data (i32.const ${at}) "${bytes.map(hex).join('')}")`);
}

function read(text) {
  const functions = new Map();
  const data = [];
  const others = [];
  let table = { first: 0, names: [] };
  const exported = new Set();
  const imported = [];
  for (const form of forms(text).slice(1, -1)) {
    const [kind] = form.slice(1).split(/[\s)]/, 1);
    if (kind === 'func') {
      const name = NAME.exec(form)[1];
      functions.set(name, { name, form, ...uses(form) });
    } else if (kind === 'data') {
      data.push(segment(form));
    } else if (kind === 'elem') {
      // Where there is one table alone, binaryen leaves out its name and the word `func`.
      const [, first, list] = /\(i32\.const (\d+)\)(?: func)? (.*)/s.exec(form);
      table = { first: Number(first), names: [...list.matchAll(new RegExp(NAME, 'g'))].map((found) => found[1]) };
    } else {
      if (kind === 'import' && form.includes('(func ')) imported.push({ name: NAME.exec(form)[1], form });
      if (kind === 'export' && form.includes('(func '))
        exported.add(new RegExp(`\\(func ${NAME.source}`).exec(form)[1]);
      others.push({ kind, form });
    }
  }
  return { functions, data, table, exported, imported, others };
}

function uses(form) {
  const calls = new Set();
  for (const [, name] of form.matchAll(new RegExp(`\\((?:return_call|call|ref\\.func) ${NAME.source}`, 'g')))
    calls.add(name);
  const numbers = [...form.matchAll(/(?:i32\.const |offset=)(-?\d+)/g)].map(([, number]) => Number(number));
  return { calls, numbers };
}

function segment(form) {
  const [, at, quoted] = /\(i32\.const (\d+)\) "((?:[^"\\]|\\.)*)"/s.exec(form);
  const bytes = [];
  const pieces = quoted.matchAll(/\\([0-9a-fA-F]{2})|\\([tnr"'\\])|([^\\]+)/gs);
  for (const [, hex, escaped, literal] of pieces) {
    if (hex) bytes.push(Number.parseInt(hex, 16));
    else if (escaped) bytes.push({ t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 }[escaped]);
    else bytes.push(...Buffer.from(literal, 'utf8'));
  }
  return { at: Number(at), bytes: Uint8Array.from(bytes) };
}

/** What the exports lead to without what is `outside`: functions, places in the table, and addresses of data. */
function reachable({ functions, data, table, exported, others }, outside) {
  const found = { functions: new Set(), places: new Set(), data: new Set() };
  const open = [];
  const reach = (name) => {
    if (found.functions.has(name) || !functions.has(name) || outside(name)) return;
    found.functions.add(name);
    open.push(functions.get(name));
  };
  const refer = (number) => {
    const place = number - table.first;
    if (place >= 0 && place < table.names.length) {
      found.places.add(place);
      reach(table.names[place]);
    }
    const segment = segmentAt(data, number);
    if (!segment || found.data.has(segment.at)) return;
    found.data.add(segment.at);
    open.push(segment);
  };
  exported.forEach(reach);
  for (const { kind, form } of others) {
    if (kind === 'global') for (const [, number] of form.matchAll(/i32\.const (\d+)/g)) refer(Number(number));
  }
  for (const { bytes, at, calls, numbers } of open) {
    calls?.forEach(reach);
    numbers?.forEach(refer);
    if (!bytes) continue;
    const words = new DataView(bytes.buffer);
    // Addresses lie where addresses are aligned.
    for (let i = -at & 3; i + 4 <= bytes.length; i += 4) refer(words.getUint32(i, true));
  }
  return found;
}

/** The segment of an address: the one it lies in, or else that which ends there. */
function segmentAt(data, address) {
  let [low, high] = [0, data.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (data[middle].at <= address) low = middle + 1;
    else high = middle;
  }
  const last = data[low - 1];
  return last && address <= last.at + last.bytes.length ? last : undefined;
}
