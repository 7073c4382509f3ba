// Models from and for other libraries: the entry `descend/exchange`. An application that does not import it carries none
// of it.

// The entry for this runtime says how engines are loaded there.
import 'descend';

export { hardSigmoidOfKeras2 } from './keras/hard-sigmoid.js';
export { type ImportOptions, importKeras, importKerasWeights, type KerasOptions } from './keras/import.js';
export type { AnyNetwork } from './network.js';
export { exportOnnx } from './onnx/export.js';
export { exportTfjs, type TfjsExportOptions } from './tfjs/export.js';
export { importTfjs, type TfjsModel } from './tfjs/import.js';
export { importTorch, type TorchOptions } from './torch/import.js';
