// Tables as plain text, and numbers short enough for them.

/** Prints a heading and rows in aligned columns, the first one to the left. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!);
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${head.map((_, column) => pad(line[column] ?? '', column)).join('  ')}`);
}

/** Three digits that count, thousands apart. */
export function short(x: number | undefined): string {
  if (x === undefined || Number.isNaN(x)) return '–';
  return x >= 100 ? Math.round(x).toLocaleString('en') : String(Number(x.toPrecision(3)));
}

/** `best / median ±spread`, each by `of`. */
export function figures(
  merged: { best: number; median: number; spread: number } | undefined,
  of: (x: number) => number,
) {
  if (!merged) return '–';
  return `${short(of(merged.best))} / ${short(of(merged.median))} ±${Math.round(100 * merged.spread)}%`;
}
