// The table of Keras's names in the docs: every name stands in it once, and what it says is so.

import { readFileSync } from 'node:fs';
import * as descend from 'descend';
import { describe, expect, test } from 'vitest';

/** Public names by module, each with the options of its constructor, as Keras's modules list them. */
const { version, ...modules } = JSON.parse(
  readFileSync(new URL('../golden/keras-names.json', import.meta.url), 'utf8'),
) as { version: string } & Record<string, Record<string, string[]>>;
const page = readFileSync(new URL('../../docs/keras.md', import.meta.url), 'utf8');

interface Row {
  names: string[];
  verdict: string;
  note: string;
}

function rowsOf(section: string): Row[] {
  const [, text = ''] = page.split(new RegExp(`^## ${section}$`, 'im'));
  const lines = (text.split(/^## /m)[0] as string).split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => {
    const [names = '', verdict = '', note = ''] = line.slice(2, -2).split(' | ');
    return { names: names.split(', '), verdict: verdict.trim(), note: note.trim() };
  });
}

const code = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
/** What the page says of all units before its first table. */
const GENERAL = code(page.split(/^## /m)[0] as string);

/** What `losses.Huber` or `new Adam({ … })` is. */
function resolved(text: string): unknown {
  const path = /^(?:new )?([A-Za-z]\w*(?:\.\w+)*)/.exec(text)?.[1]?.split('.') ?? [''];
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], descend);
}

const exported = { ...descend } as unknown as Record<string, Record<string, unknown> | undefined>;

function unitOf(section: string, name: string): unknown {
  // Keras's functions that bring units back from data share their names with ours, not their meaning.
  if (['deserialize', 'get', 'serialize'].includes(name)) return undefined;
  return ['layers', 'optimizers'].includes(section) ? exported[name] : exported[section]?.[name];
}

function isActivation(name: string): boolean {
  try {
    return new descend.Activation({ activation: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Whether the constructor knows the option; what it thinks of its value does not matter. */
function takes(unit: unknown, option: string): boolean {
  try {
    new (unit as new (options: object) => unknown)({ [option]: undefined });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'UNKNOWN_OPTION';
  }
}

test("the page names the version whose names are Keras's list", () => {
  expect(page).toContain(`Keras ${version.split('.').slice(0, 2).join('.')}`);
});

describe.each(Object.entries(modules))('%s', (section, names) => {
  const rows = rowsOf(section);

  test('has every name once', () => {
    const found = rows.flatMap((row) => row.names);
    expect([...found].sort()).toEqual(Object.keys(names).sort());
  });

  test.each(rows)('$names: $verdict', ({ names: own, verdict, note }) => {
    expect(['yes', 'differs', 'no']).toContain(verdict);
    if (verdict !== 'yes') expect(note).not.toBe('');
    for (const name of own) {
      const exists = section === 'activations' ? isActivation(name) : unitOf(section, name) !== undefined;
      if (verdict === 'no') expect(exists, `${name} is exported`).toBe(false);
      if (verdict === 'yes') expect(exists, `${name} is exported`).toBe(true);
      if (verdict === 'differs' && !exists) {
        expect(
          code(note).some((text) => resolved(text) !== undefined),
          `what there is for ${name}`,
        ).toBe(true);
      }
    }
  });

  test.each(rows.filter(({ verdict }) => verdict !== 'no'))('options of $names', ({ names: own, note }) => {
    const said = new Set(code(note));
    for (const name of own) {
      const unit = unitOf(section, name);
      // What is not made by `new` is made by users' subclasses, whose options are theirs.
      if (typeof unit !== 'function' || !/^[A-Z]/.test(name) || name === 'Optimizer') continue;
      const options = names[name] ?? [];
      const unsaid = options.filter((option) => !takes(unit, option) && !said.has(option) && !GENERAL.includes(option));
      expect(unsaid, `options of ${name} that are missing, and not said to be`).toEqual([]);
      const there = options.filter((option) => takes(unit, option) && said.has(option));
      expect(there, `options of ${name} that are said to be missing, and there`).toEqual([]);
    }
  });
});
