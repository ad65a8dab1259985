/** The exports of the kernel module; assembly/index.ts has the list. */
export const KERNELS = [
  'adam',
  'addArrays',
  'addRow',
  'copyRows',
  'directConvolution',
  'directFilterGradient',
  'maxPool',
  'maxPoolGradient',
  'maxPoolGradient3d',
  'momentum',
  'multiplyArrays',
  'normalisationApply',
  'normalisationGradientApply',
  'normalisationGradientSums',
  'normalisationSums',
  'packFilter',
  'packPhase',
  'packPixels',
  'padRows',
  'relu',
  'reluGradient',
  'rotateFilter',
  'segmentationGradient',
  'segmentationSums',
  'sumBlocks',
  'sumSquares',
  'transformFilter',
  'winogradFilterGradient',
  'winogradFilterGradientSlices',
  'winogradForward',
  'winogradPanelsFilterGradient',
  'winogradPanelsForward',
] as const;

export type KernelName = (typeof KERNELS)[number];

/** Every kernel ends with (first, end, worker). */
export type Kernel = (...args: number[]) => void;
