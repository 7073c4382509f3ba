// Changes bytes and JSON at random, from a seed, towards what readers trip over.

/** A stream of whole numbers below `n` (SplitMix32). */
export function dice(seed) {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) % n;
  };
}

const encoder = new TextEncoder();
const pick = (roll, list) => list[roll(list.length)];

/** A copy of `bytes` with an edit, as often with two, and so on; `words` are pieces of the format. */
export function mutateBytes(bytes, words, roll) {
  let out = [...bytes];
  do {
    const at = roll(out.length + 1);
    switch (roll(9)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << roll(8));
        break;
      case 1:
        out[at] = roll(256);
        break;
      case 2:
        out.splice(at, 1 + roll(8));
        break;
      case 3:
        out.splice(at, 0, ...encoder.encode(pick(roll, words)));
        break;
      case 4: {
        const word = encoder.encode(pick(roll, words));
        out.splice(at, word.length, ...word);
        break;
      }
      case 5:
        out.splice(roll(out.length + 1), 0, ...out.slice(at, at + roll(64)));
        break;
      case 6:
        if (roll(4) === 0) out = out.slice(0, at);
        break;
      case 7:
        if (roll(8) === 0) out.splice(at, 0, ...Array(roll(4096)).fill(out[at] ?? 0));
        break;
      default:
        for (let i = at; i < Math.min(out.length, at + 4); i++) out[i] = pick(roll, [0, 255, 127, 128, 1]);
    }
  } while (roll(2) === 0);
  return Uint8Array.from(out);
}

const HOSTILE = [
  ...[null, true, -1, 0, 0.5, 1e308, -0, 2 ** 31, 2 ** 32, 2 ** 53, 'NaN', '', 'x'.repeat(500), '__proto__'],
  ...['constructor', 'toString', 'function', [], {}, [[]], [0], [-1], [2 ** 31 - 1, 2 ** 31 - 1], ['a']],
  ...[
    { className: 'Dense', config: {} },
    { className: 'function', config: 'eval' },
    { className: 'Sequential', config: { layers: [] } },
  ],
];
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  'name',
  'units',
  'config',
  'className',
];

/** JSON text of `value` with such edits at random places. */
export function mutateJson(value, roll) {
  const copy = structuredClone(value);
  do editJson(copy, roll);
  while (roll(2) === 0);
  let text = JSON.stringify(copy);
  // As a key of a literal, __proto__ would set a prototype instead of a property.
  if (roll(3) === 0)
    text = text.replaceAll(`"${pick(roll, ['units', 'name', 'seed', 'rate', 'position'])}"`, `"${pick(roll, KEYS)}"`);
  if (roll(20) === 0) text = text.replace(/\d+/, () => pick(roll, ['1e999', '-0', '1e-400', '9'.repeat(400), '0.1']));
  if (roll(40) === 0) text = `${'['.repeat(5000)}${text}${']'.repeat(5000)}`;
  return text;
}

function editJson(root, roll) {
  const places = [];
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      visit(node[key]);
    }
  };
  visit(root);
  if (places.length === 0) return;
  const [node, key] = pick(roll, places);
  switch (roll(5)) {
    case 0:
      node[key] = structuredClone(pick(roll, HOSTILE));
      break;
    case 1:
      if (Array.isArray(node)) node.splice(Number(key), 1);
      else delete node[key];
      break;
    case 2:
      if (Array.isArray(node)) node.push(structuredClone(node[key]));
      else node[pick(roll, KEYS.slice(1))] = structuredClone(node[key]);
      break;
    case 3:
      node[key] = structuredClone(pick(roll, places)[0]);
      break;
    default: {
      const [other, name] = pick(roll, places);
      const value = structuredClone(other[name]);
      other[name] = structuredClone(node[key]);
      node[key] = value;
    }
  }
}
