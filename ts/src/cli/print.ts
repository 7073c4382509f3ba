// How the commands print: a title and a text per line, numbers that a reader can take in.

/** Prints `title  text`, the texts under one another. */
export function print(title: string, text: string, stream: NodeJS.WritableStream = process.stdout): void {
  stream.write(`${title.padEnd(12)}${text}\n`);
}

/** Rows of cells under one another; columns named in `right` are flush right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** `1,234,567`, in every locale. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `12.3 kB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let [size, unit] = [count, 0];
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** Four digits that count. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** `97.2 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Text from a file as a terminal may see it: nothing in it steers the terminal. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
