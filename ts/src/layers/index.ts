// Every layer.

export { Activation, type ActivationOptions } from './activation.js';
export type { ActivationFunction, ActivationLike } from './activations.js';
export { Dense, type DenseOptions } from './dense.js';
export { Dropout, type DropoutOptions } from './dropout.js';
export { Input, InputLayer, type InputOptions } from './input.js';
export { type CallOptions, Layer, type LayerOptions, type WeightOptions } from './layer.js';
export { Rescaling, type RescalingOptions } from './rescaling.js';
export { Flatten, Reshape, type ReshapeOptions } from './shaping.js';
export type { Weight } from './weight.js';
