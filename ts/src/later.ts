// What few applications need, in one file that is fetched when one does: every loss, metric and optimizer that a string may
// name, steps by hand, and what models do besides training and predicting from arrays. What runs before a call's first `await` is not for
// here.

import { OPTIMIZERS } from './generated/more-optimizers.js';
import { knowLosses } from './losses/rest.js';
import { knowMetrics } from './metrics/rest.js';
import { applyGradients } from './optimizers/apply.js';
import { knowOptimizers } from './optimizers/by-name.js';
import { knowSteps } from './optimizers/steps.js';

export { writeFile } from './io/file.js';
export { encodeModel, encodeWeights } from './models/encode.js';
export { hashOf } from './models/hash.js';
export { estimate } from './models/memory.js';
export { StreamFeed } from './models/stream.js';
export { evaluatedValues, placedBetween, swapAverages, takeAverages } from './optimizers/averages.js';

/** Makes everything known: what strings may name, and what synchronous calls need. */
export function knowAll(): void {
  knowSteps(applyGradients);
  knowNames();
}

/** Makes every loss, metric and optimizer known by its names. */
export function knowNames(): void {
  knowLosses();
  knowMetrics();
  knowOptimizers(OPTIMIZERS);
}
