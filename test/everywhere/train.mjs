// What every consumer does: trains a small network with dropout and shuffling on numbers made here, saves it, and hashes
// the file. The same text runs in every runtime; the classes come from the entry under test.

const [ROWS, INPUTS, CLASSES] = [330, 24, 5];

// Marsaglia's xorshift32: the same whole numbers everywhere.
function numbers(count, seed) {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

/** Which engine ran, and the SHA-256 of the trained model as `toBytes` gives it. */
export async function train({ Adam, Dense, Dropout, engineInfo, Rescaling, Sequential }) {
  const x = { data: numbers(ROWS * INPUTS, 1), shape: [ROWS, INPUTS] };
  const y = Uint8Array.from({ length: ROWS }, (_, row) => x.data[row * INPUTS] % CLASSES);
  const model = new Sequential(
    [
      new Rescaling({ scale: 1 / 255, inputShape: [INPUTS] }),
      new Dense({ units: 32, activation: 'relu' }),
      new Dropout({ rate: 0.2 }),
      new Dense({ units: CLASSES, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  await model.fit(x, y, { epochs: 4, batchSize: 32, validationSplit: 0.1, verbose: 0 });
  const digest = await crypto.subtle.digest('SHA-256', await model.toBytes());
  const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const { name, fallbackReason } = engineInfo();
  return { engine: name, sha256, fallbackReason };
}

/** Says what came out where the runner looks for it: a page's title, or a line on the console. */
export function report(promise) {
  const tell = (text) => {
    if (typeof document === 'undefined') console.log(text);
    else document.title = text;
  };
  return promise.then(
    (result) => tell(JSON.stringify(result)),
    (error) => tell(JSON.stringify({ error: String(error) })),
  );
}
