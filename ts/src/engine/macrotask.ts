// One turn of the event loop, by the fastest way that the runtime has. What is missing is found by trying: Next's edge
// runtime has functions that throw when they are called, and workerd no MessageChannel before its date 2025-08-15.

const WAYS: readonly ((resolve: () => void) => void)[] = [
  (resolve) => setImmediate(resolve),
  (resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  },
  // The last, for browsers hold timers back.
  (resolve) => setTimeout(resolve),
];
let way = 0;

/** Resolves after timers, input and whatever else waits have had their turn. */
export function macrotask(): Promise<void> {
  return new Promise(begin);
}

function begin(resolve: () => void): void {
  for (; way < WAYS.length; way++) {
    try {
      WAYS[way]?.(resolve);
      return;
    } catch {
      // Not here.
    }
  }
}
