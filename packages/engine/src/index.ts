export {
  CASE_GROUPS,
  type Case,
  computeCase,
  differenceOfCase,
  LARGE_SUMS,
  largestDifference,
  MANY_CHANNELS,
  reasonWhyMissing,
  relativeL2,
  TOLERANCES,
  type Tolerance,
} from './conformance/index.js';
export type * from './engine.js';
export { checkpoint } from './gradients/checkpoint.js';
export { type VariableGradients, variableGradients } from './gradients/variable-gradients.js';
export { probeBackEnds } from './probe-back-ends.js';
export { startEngine } from './start-engine.js';
export { findGpus, type Gpu } from './tensorflow/gpu.js';
export { findCompiler } from './tensorflow/install/addon-build.js';
export {
  type InstallOptions,
  installTensorflow,
  previewInstallation,
} from './tensorflow/install/install-tensorflow.js';
export {
  checkInstalled,
  findInstalled,
  type InstalledEngine,
  removeTensorflow,
} from './tensorflow/install/manage-installation.js';
export { addonPackage, MANIFEST } from './tensorflow/install/prebuilt-addon.js';
export type { InstallProgress } from './tensorflow/install/source.js';
export type { InstallationRecord } from './tensorflow/installation.js';
export { type ConvolutionSize, convolutionScratchBytes } from './wasm/convolution-scratch.js';
