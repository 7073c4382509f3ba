// While a page of Chromium trains, in itself and in a Worker: tasks of the page above 50 ms (what browsers call long), the
// longest time it was kept from anything else, how soon an abort is answered, and what the Worker costs in samples/s.

import { chromium, launch } from '../test/browser/chromium.ts';
import { serve } from '../test/browser/server.ts';
import type { Seen, Task, train } from './long-tasks-page.ts';
import { printTable, short } from './table.ts';

const TASKS = [
  { hidden: [128], batchSize: 32 },
  { hidden: [128], batchSize: 512 },
  { hidden: [512, 512], batchSize: 32 },
  { hidden: [512, 512], batchSize: 512 },
];

if (chromium) {
  const [browser, server] = await Promise.all([launch(), serve()]);
  const rows: string[][] = [];
  for (const { hidden, batchSize } of TASKS) {
    for (const worker of [false, true]) {
      const page = await browser.newPage();
      await page.goto(server.url);
      const task: Task = { hidden, batchSize, worker };
      const call = `import('/bench/long-tasks-page.ts').then(({ train }) => train(${JSON.stringify(task)}))`;
      const { first, later } = (await page.evaluate(call)) as Awaited<ReturnType<typeof train>>;
      const name = `784-${hidden.join('-')}-10, batch ${batchSize}, ${worker ? 'Worker' : 'page'}`;
      rows.push([name, ...cells(first), ...cells(later)]);
      await page.close();
    }
  }
  const columns = ['long tasks', 'longest wait ms', 'abort ms', 'samples/s'];
  printTable('A page that trains: its first second, then later ones', ['', ...columns, ...columns], rows);
  await Promise.all([browser.close(), server.close()]);
}

function cells({ long, wait, abort, samplesPerSecond }: Seen): string[] {
  const longest = long.length === 0 ? '' : ` (${Math.max(...long).toFixed(0)} ms)`;
  return [`${long.length}${longest}`, wait.toFixed(0), abort.toFixed(0), short(samplesPerSecond)];
}
