// Every layer.

export { Activation, type ActivationOptions } from './activation.js';
export type { ActivationFunction, ActivationLike } from './activations.js';
export type { AffineOptions } from './affine.js';
export {
  AdditiveAttention,
  Attention,
  type AttentionLayerOptions,
  type DotAttentionOptions,
  type PlainAttentionCallOptions,
  type ThreeOf,
  type WithScores,
} from './attention.js';
export { BatchNormalization, type BatchNormalizationOptions } from './batch-normalization.js';
export { Bidirectional, type BidirectionalOptions, type MergeMode } from './bidirectional.js';
export {
  CategoryEncoding,
  type CategoryEncodingOptions,
  type CategoryMode,
  Discretization,
  type DiscretizationOptions,
} from './categories.js';
export type { RNNCell } from './cell.js';
export {
  GRUCell,
  type GRUCellOptions,
  LSTMCell,
  type LSTMCellOptions,
  type OfSequences,
  SimpleRNNCell,
  type SimpleRNNCellOptions,
} from './cells.js';
export { Conv1D, Conv2D, Conv3D, type ConvLayerOptions } from './conv.js';
export { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions } from './conv-lstm.js';
export { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, type ConvTransposeOptions } from './conv-transpose.js';
export { Dense, type DenseOptions } from './dense.js';
export { DepthwiseConv1D, DepthwiseConv2D, type DepthwiseConvOptions } from './depthwise-conv.js';
export { Dropout, type DropoutOptions } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export type { FilterOptions } from './filters.js';
export {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  type GlobalPoolingOptions,
} from './global-pooling.js';
export { GroupNormalization, type GroupNormalizationOptions } from './group-normalization.js';
export { GRU, type GRUOptions } from './gru.js';
export type { AttentionCallOptions, HeadsOptions } from './heads.js';
export { Identity } from './identity.js';
export { Input, InputLayer, type InputOptions } from './input.js';
export { Concatenate, type ConcatenateOptions, Dot, type DotOptions } from './joining.js';
export {
  type AnyLayer,
  type CallOptions,
  Layer,
  type LayerOptions,
  type OperandOf,
  type SampleShape,
  type Several,
  type SymbolicOf,
  type WeightOptions,
} from './layer.js';
export { LayerNormalization, type LayerNormalizationOptions } from './layer-normalization.js';
export { Hashing, type HashingOptions, IntegerLookup, type LookupOptions, StringLookup } from './lookup.js';
export { LSTM, type LSTMOptions } from './lstm.js';
export {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  type CroppingOptions,
  type Margins,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
  type ZeroPaddingOptions,
} from './margins.js';
export { Masking, type MaskingOptions } from './masking.js';
export { Add, Average, Maximum, Minimum, Multiply, Subtract } from './merging.js';
export {
  GroupQueryAttention,
  type GroupQueryAttentionOptions,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from './multi-head-attention.js';
export { AlphaDropout, GaussianDropout, GaussianNoise, type GaussianNoiseOptions, type RateOptions } from './noise.js';
export { Normalization, type NormalizationOptions } from './normalization.js';
export type { KernelOptions } from './options.js';
export { Permute, type PermuteOptions, RepeatVector, type RepeatVectorOptions } from './permuting.js';
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  type PoolingOptions,
} from './pooling.js';
export { PReLU, type PReLUOptions } from './prelu.js';
export {
  type FlipMode,
  RandomFlip,
  type RandomFlipOptions,
} from './random-flip.js';
export { RandomBrightness, RandomContrast, type RandomLightOptions } from './random-light.js';
export {
  type Factor,
  RandomRotation,
  type RandomRotationOptions,
  type RandomTransformOptions,
  RandomTranslation,
  type RandomTranslationOptions,
  RandomZoom,
  type RandomZoomOptions,
} from './random-transforms.js';
export {
  ELU,
  type ELUOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  ReLU,
  type ReLUOptions,
  Softmax,
  type SoftmaxOptions,
} from './rectifiers.js';
export type { Recurrence, RecurrenceOptions, RecurrentOutput } from './recurrence.js';
export type { Recurrent, RecurrentOptions } from './recurrent.js';
export { Rescaling, type RescalingOptions } from './rescaling.js';
export { CenterCrop, type CropOptions, RandomCrop, Resizing, type ResizingOptions } from './resizing.js';
export { RMSNormalization, type RMSNormalizationOptions } from './rms-normalization.js';
export { RNN, type RNNOptions } from './rnn.js';
export { SeparableConv1D, SeparableConv2D, type SeparableConvOptions } from './separable-conv.js';
export { Flatten, Reshape, type ReshapeOptions } from './shaping.js';
export { SimpleRNN, type SimpleRNNOptions } from './simple-rnn.js';
export { SpatialDropout1D, SpatialDropout2D, SpatialDropout3D } from './spatial-dropout.js';
export { StackedRNNCells, type StackedRNNCellsOptions } from './stacked-cells.js';
export type { SymbolicTensor } from './symbolic.js';
export { TimeDistributed, type TimeDistributedOptions } from './time-distributed.js';
export { UnitNormalization, type UnitNormalizationOptions } from './unit-normalization.js';
export {
  UpSampling1D,
  UpSampling2D,
  type UpSampling2DOptions,
  UpSampling3D,
  type UpSamplingOptions,
} from './up-sampling.js';
export type { Weight } from './weight.js';
