// The kernels, in place on an imported heap: no data segment, no allocation. Every kernel ends with
// (first, end, worker): it does the items [first, end) of its work, and an item's result never depends on the range.
export { adam } from './adam';
export { copyRows } from './copies';
export {
  addSlices,
  depthwiseFilterGradient,
  depthwiseForward,
  depthwiseInputGradient,
  repeatChannels,
  sumChannels,
} from './depthwise';
export { directConvolution, packFilter, packPhase, padRows } from './direct-convolution';
export { directFilterGradient, packPixels } from './direct-filter-gradient';
export { addArrays, addRow, multiplyArrays, relu, reluGradient } from './elementwise';
export { segmentationGradient, segmentationSums } from './losses';
export { maxPool, maxPoolGradient3d } from './max-pooling';
export { momentum } from './momentum';
export {
  normalisationApply,
  normalisationGradientApply,
  normalisationGradientSums,
  normalisationSums,
} from './normalisation';
export { batchToSpace, spaceToBatch } from './phases';
export { maxPoolGradient } from './pooling';
export { sumSquares } from './squares';
export { sumBlocks } from './sums';
export { rotateFilter, transformFilter, winogradForward } from './winograd-forward';
export { winogradFilterGradient, winogradFilterGradientSlices } from './winograd-gradient';
export { winogradPanelsFilterGradient, winogradPanelsForward } from './winograd-panels';
