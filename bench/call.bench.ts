// What one call from JavaScript into each engine costs.
import { ready } from 'descend';
import { Bench } from 'tinybench';

const bench = new Bench({ time: 200 });
for (const name of ['native', 'wasm'] as const) {
  const engine = await ready({ engine: name });
  bench.add(`${name}: add(a, b)`, () => {
    engine.add(1, 2);
  });
}
await bench.run();
console.table(bench.table());
