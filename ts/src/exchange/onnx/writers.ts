// What each layer becomes, by its class.

import type { Config } from '../../units.js';
import { activated } from './activations.js';
import type { Writer } from './context.js';
import * as norms from './normalizations.js';
import { attention, dense, multiHeadAttention } from './products.js';
import * as rectifiers from './rectifiers.js';
import { bidirectional, recurrent } from './recurrent.js';
import * as shapes from './shapes.js';
import type { Value } from './value.js';
import * as windows from './windows.js';

const activation: Writer = ({ b, config, layer }, [x]) =>
  activated(b, x as Value, (config as Config).activation, layer.name);

const each = (writer: Writer, ...names: string[]): [string, Writer][] => names.map((name) => [name, writer]);
const axes = (word: string, ...counts: number[]): string[] => counts.map((count) => `${word}${count}D`);

/** Writers by class. */
export const WRITERS: ReadonlyMap<string, Writer> = new Map([
  ...each(shapes.identity, 'InputLayer', 'Identity', 'Dropout', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'),
  ...each(shapes.identity, ...axes('SpatialDropout', 1, 2, 3)),
  ...each(activation, 'Activation'),
  ...each(rectifiers.reLU, 'ReLU'),
  ...each(rectifiers.leakyReLU, 'LeakyReLU'),
  ...each(rectifiers.elu, 'ELU'),
  ...each(rectifiers.softmax, 'Softmax'),
  ...each(dense, 'Dense'),
  ...each(windows.conv, ...axes('Conv', 1, 2, 3)),
  ...each(windows.depthwise, ...axes('DepthwiseConv', 1, 2)),
  ...each(windows.separable, ...axes('SeparableConv', 1, 2)),
  ...each(windows.transposed, 'Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose'),
  ...each(windows.pooling('MaxPool'), ...axes('MaxPooling', 1, 2, 3)),
  ...each(windows.pooling('AveragePool'), ...axes('AveragePooling', 1, 2, 3)),
  ...each(windows.globalPooling('ReduceMax'), ...axes('GlobalMaxPooling', 1, 2, 3)),
  ...each(windows.globalPooling('ReduceMean'), ...axes('GlobalAveragePooling', 1, 2, 3)),
  ...each(windows.upSampling, ...axes('UpSampling', 1, 2, 3)),
  ...each(shapes.zeroPadding, ...axes('ZeroPadding', 1, 2, 3)),
  ...each(shapes.cropping, ...axes('Cropping', 1, 2, 3)),
  ...each(shapes.reshape, 'Flatten', 'Reshape'),
  ...each(shapes.permute, 'Permute'),
  ...each(shapes.repeatVector, 'RepeatVector'),
  ...each(shapes.embedding, 'Embedding'),
  ...each(shapes.masking, 'Masking'),
  ...each(shapes.timeDistributed, 'TimeDistributed'),
  ...each(shapes.merging('Add'), 'Add'),
  ...each(shapes.merging('Sub'), 'Subtract'),
  ...each(shapes.merging('Mul'), 'Multiply'),
  ...each(shapes.merging('Mean'), 'Average'),
  ...each(shapes.merging('Max'), 'Maximum'),
  ...each(shapes.merging('Min'), 'Minimum'),
  ...each(shapes.concatenate, 'Concatenate'),
  ...each(norms.batchNormalization, 'BatchNormalization'),
  ...each(norms.layerNormalization, 'LayerNormalization'),
  ...each(norms.groupNormalization, 'GroupNormalization'),
  ...each(norms.rmsNormalization, 'RMSNormalization'),
  ...each(norms.unitNormalization, 'UnitNormalization'),
  ...each(norms.normalization, 'Normalization'),
  ...each(norms.rescaling, 'Rescaling'),
  ...each(norms.prelu, 'PReLU'),
  ...each(recurrent, 'SimpleRNN', 'GRU', 'LSTM'),
  ...each(bidirectional, 'Bidirectional'),
  ...each(attention, 'Attention', 'AdditiveAttention'),
  ...each(multiHeadAttention, 'MultiHeadAttention', 'GroupQueryAttention'),
  // Images as they are, outside of training.
  ...each(shapes.identity, 'RandomFlip', 'RandomRotation', 'RandomTranslation', 'RandomZoom'),
  ...each(shapes.identity, 'RandomBrightness', 'RandomContrast'),
]);
