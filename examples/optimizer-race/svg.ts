// A picture of the race as SVG: lines of equal height with the ways down, and curves of losses. Writes text, draws nothing.
import { heightAt, type Surface } from './surfaces.ts';

/** A line with a name and a colour. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const SIZE = 360;
const GAP = 30;
const TOP = 60;
const CELLS = 72;
const LEVELS = 12;

type Place = (point: readonly [number, number]) => readonly [number, number];

/** The whole picture: a panel for each surface, three in a row, then one of curves over its whole width. */
export function picture(
  panels: readonly { readonly surface: Surface; readonly ways: readonly Line[] }[],
  curves: { readonly title: string; readonly lines: readonly Line[] },
  names: readonly { readonly name: string; readonly color: string }[],
): string {
  const rows = Math.ceil(panels.length / 3);
  const [width, below] = [3 * SIZE + 4 * GAP, TOP + rows * (SIZE + TOP)];
  const height = below + SIZE + GAP;
  const parts = panels.map(({ surface, ways }, i) => {
    const [x, y] = [GAP + (i % 3) * (SIZE + GAP), TOP + Math.floor(i / 3) * (SIZE + TOP)];
    return panel(x, y, surface, ways);
  });
  // In proportion to the letters: a line and its distance take as much room as seven of them.
  const room = (until: number): number => names.slice(0, until).reduce((total, { name }) => total + 7 + name.length, 0);
  const letter = Math.min(9, (width - 2 * GAP) / room(names.length));
  const legend = names.map(({ name, color }, i) => {
    const x = Math.round(GAP + letter * room(i));
    return `<path d="M${x} 18h22" stroke="${color}" stroke-width="4"/><text x="${x + 28}" y="23">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...legend,
    ...parts,
    chart(GAP + 40, below, width - 2 * GAP - 40, SIZE - 20, curves),
    '</svg>\n',
  ].join('\n');
}

function panel(left: number, top: number, surface: Surface, ways: readonly Line[]): string {
  const { x, y } = surface.view;
  const place: Place = ([px, py]) => [
    left + (SIZE * (px - x[0])) / (x[1] - x[0]),
    top + (SIZE * (y[1] - py)) / (y[1] - y[0]),
  ];
  const clip = `clip-${left}-${top}`;
  const [startX, startY] = place(surface.start);
  return [
    `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${SIZE}" height="${SIZE}"/></clipPath>`,
    `<text x="${left}" y="${top - 8}" font-weight="bold">${escaped(surface.name)}</text>`,
    `<rect x="${left}" y="${top}" width="${SIZE}" height="${SIZE}" fill="#f7f7f5"/>`,
    `<g clip-path="url(#${clip})" fill="none" stroke-linejoin="round">`,
    ...contours(surface, place),
    ...ways.map((way) => polyline(way, place)),
    `<circle cx="${fixed(startX)}" cy="${fixed(startY)}" r="4" fill="#222" stroke="none"/>`,
    ...ways.map(({ points, color }) => {
      const [endX, endY] = place(points.at(-1) ?? surface.start);
      return `<circle cx="${fixed(endX)}" cy="${fixed(endY)}" r="4" fill="${color}" stroke="#fff"/>`;
    }),
    '</g>',
  ].join('\n');
}

/** Lines of equal height, closer together near the ground: marching squares. */
function contours(surface: Surface, place: Place): string[] {
  const { x, y } = surface.view;
  const at = (i: number, of: readonly [number, number]): number => of[0] + (i / CELLS) * (of[1] - of[0]);
  // On a scale on which a height and ten times that are equally far apart everywhere.
  const grid = Array.from({ length: CELLS + 1 }, (_, j) =>
    Array.from({ length: CELLS + 1 }, (_, i) => Math.log(0.02 + heightAt(surface, at(i, x), at(j, y)))),
  );
  const heights = grid.flat();
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  return Array.from({ length: LEVELS }, (_, k) => {
    const level = low + ((k + 0.5) / LEVELS) * (high - low);
    let path = '';
    for (let j = 0; j < CELLS; j++) {
      for (let i = 0; i < CELLS; i++) path += crossing(i, j, grid, level, (a, b) => place([at(a, x), at(b, y)]));
    }
    const shade = 150 + Math.round((80 * k) / LEVELS);
    return `<path d="${path}" stroke="rgb(${shade},${shade},${shade + 15})"/>`;
  });
}

/** The pieces of a line of equal height inside one square of the grid. */
function crossing(
  i: number,
  j: number,
  grid: readonly (readonly number[])[],
  level: number,
  place: (i: number, j: number) => readonly [number, number],
): string {
  const corners = [
    [i, j],
    [i + 1, j],
    [i + 1, j + 1],
    [i, j + 1],
  ] as const;
  const cuts: (readonly [number, number])[] = [];
  for (const [k, [ai, aj]] of corners.entries()) {
    const [bi, bj] = corners[(k + 1) % 4] as readonly [number, number];
    const [a, b] = [grid[aj]?.[ai] as number, grid[bj]?.[bi] as number];
    if (a < level === b < level) continue;
    const share = (level - a) / (b - a);
    cuts.push(place(ai + share * (bi - ai), aj + share * (bj - aj)));
  }
  let path = '';
  for (let k = 0; k + 1 < cuts.length; k += 2) path += `M${text(cuts[k])}L${text(cuts[k + 1])}`;
  return path;
}

function chart(
  left: number,
  top: number,
  width: number,
  height: number,
  { title, lines }: { readonly title: string; readonly lines: readonly Line[] },
): string {
  const all = lines.flatMap(({ points }) => points);
  const last = Math.max(1, ...all.map(([x]) => x));
  const [low, high] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))].map(Math.log10) as [
    number,
    number,
  ];
  const place: Place = ([x, y]) => [
    left + (width * x) / last,
    top + (height * (high - Math.log10(y))) / (high - low || 1),
  ];
  const ticks = [1, 2, 5].flatMap((digit) => [-4, -3, -2, -1, 0, 1].map((power) => digit * 10 ** power));
  const shown = ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  return [
    `<text x="${left}" y="${top - 8}" font-weight="bold">${escaped(title)}</text>`,
    ...shown.map((tick) => {
      const [, y] = place([0, tick]).map(fixed) as [string, string];
      const label = `<text x="${left - 8}" y="${Number(y) + 5}" text-anchor="end">${Number(tick.toPrecision(1))}</text>`;
      return `<path d="M${left} ${y}h${width}" stroke="#ddd"/>${label}`;
    }),
    `<g fill="none" stroke-linejoin="round">`,
    ...lines.map((line) => polyline(line, place)),
    '</g>',
  ].join('\n');
}

function polyline({ name, color, points }: Line, place: Place): string {
  const finite = points.filter((point) => point.every(Number.isFinite));
  const line = finite.map((point) => text(place(point))).join(' ');
  return `<polyline points="${line}" stroke="${color}" stroke-width="2" stroke-opacity="0.85"><title>${escaped(name)}</title></polyline>`;
}

// Far outside of a panel nothing is seen, and numbers would only be long.
const fixed = (x: number): string => String(Math.round(10 * Math.min(1e5, Math.max(-1e5, x))) / 10);
const text = (point: readonly [number, number] | undefined): string => (point ?? [0, 0]).map(fixed).join(' ');
const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
