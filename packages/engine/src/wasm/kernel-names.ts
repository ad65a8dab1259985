/** The exports of the kernel module; assembly/index.ts has the list. */
export const KERNELS = [
  'adam',
  'copyRows',
  'directConvolution',
  'directFilterGradient',
  'maxPoolGradient',
  'momentum',
  'normalisationApply',
  'normalisationGradientApply',
  'normalisationGradientSums',
  'normalisationSums',
  'packFilter',
  'packPhase',
  'packPixels',
  'padRows',
  'rotateFilter',
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
