// What the types of losses, metrics, initializers and regularizers promise, compiled by `npm run ready`: lines that are
// marked with @ts-expect-error and compile are errors.

import { Dense, initializers, losses, metrics, ops, regularizers, Sequential } from 'descend';

const model = new Sequential([
  new Dense({
    units: 2,
    kernelInitializer: new initializers.VarianceScaling({ scale: 2, mode: 'fan_out', distribution: 'uniform' }),
    biasInitializer: 'zeros',
    kernelRegularizer: new regularizers.L1L2({ l1: 0.1 }),
    biasRegularizer: 'l2',
    activityRegularizer: null,
    inputShape: [3],
  }),
]);

new losses.Huber({ delta: 2, reduction: 'meanWithSampleWeight', name: 'h' });
new losses.Dice({ axis: [1, 2] });
new losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 });
new metrics.TopKCategoricalAccuracy({ k: 3 });
new metrics.Precision({ thresholds: [0.1, 0.9], topK: 2, classId: 1 });
new metrics.MeanIoU({ numClasses: 3 });
new metrics.BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1 });

// @ts-expect-error an option of another loss
new losses.MeanSquaredError({ delta: 1 });
// @ts-expect-error there is no such reduction
new losses.Huber({ reduction: 'average' });
// @ts-expect-error options are in camelCase
new losses.BinaryCrossentropy({ from_logits: true });
// @ts-expect-error an option of the sparse metric
new metrics.TopKCategoricalAccuracy({ fromSortedIds: true });
// @ts-expect-error metrics have no reduction
new metrics.Hinge({ reduction: 'sum' });
// @ts-expect-error F1 is F-beta with a beta of 1
new metrics.F1Score({ beta: 2 });
// @ts-expect-error the number of classes is missing
new metrics.MeanIoU();
// @ts-expect-error the recall is missing
new metrics.PrecisionAtRecall({ numThresholds: 10 });
// @ts-expect-error there is no such curve
new metrics.AUC({ curve: 'roc' });
// @ts-expect-error He's initializer has no scale
new initializers.HeNormal({ scale: 2 });
// @ts-expect-error L1 has no l2
new regularizers.L1({ l2: 1 });

const x = { data: new Float32Array(6), shape: [2, 3] };
await model.fit(x, [0, 1], { sampleWeight: [1, 2], classWeight: { 1: 2 } });
await model.fit(x, [0, 1], { classWeight: [1, 2], validationData: [x, [0, 1], Float32Array.of(1, 2)] });
await model.evaluate(x, [0, 1], { sampleWeight: [1, 2] });
await model.trainOnBatch(x, [0, 1], { sampleWeight: [1, 2], classWeight: new Map([[0, 1]]) });
await model.testOnBatch(x, [0, 1], { sampleWeight: [1, 2] });
// @ts-expect-error classes have weights for training alone
await model.evaluate(x, [0, 1], { classWeight: [1, 2] });
// @ts-expect-error weights are numbers
await model.fit(x, [0, 1], { classWeight: { 0: '1' } });

/** A loss, a metric and a regularizer of one's own. */
export class Quartic extends losses.Loss {
  override call(...[yTrue, yPred]: Parameters<losses.Loss['call']>) {
    return ops.mean(ops.square(ops.square(ops.sub(yTrue, yPred))), { axis: -1 });
  }
}
export class Largest extends metrics.MeanMetric<{ scale?: number } & metrics.MetricOptions> {
  readonly scale: number;

  constructor(options: { scale?: number } & metrics.MetricOptions = {}) {
    super(options, ['scale']);
    this.scale = options.scale ?? 1;
  }

  override call(...[, yPred]: Parameters<metrics.MeanMetric['call']>) {
    return ops.mul(ops.max(yPred, { axis: -1 }), this.scale);
  }
}
export class Bounded extends regularizers.Regularizer {
  override call(x: Parameters<regularizers.Regularizer['call']>[0]) {
    return ops.sum(ops.relu(ops.sub(ops.abs(x), 1)));
  }
}
model.compile({
  loss: new Quartic(),
  metrics: ['mse', new Largest({ scale: 2 }), (yTrue, yPred) => ops.mean(ops.sub(yTrue, yPred), { axis: -1 })],
  weightedMetrics: [new Largest()],
});
new Dense({ units: 1, kernelRegularizer: new Bounded() });
