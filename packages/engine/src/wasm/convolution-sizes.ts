import type { backend_util } from '@tensorflow/tfjs-core';

/** The sizes of a convolution of volumes [N,D,H,W,C] without dilation. */
export type ConvolutionSizes = Pick<
  backend_util.Conv3DInfo,
  | 'batchSize'
  | 'inDepth'
  | 'inHeight'
  | 'inWidth'
  | 'inChannels'
  | 'outDepth'
  | 'outHeight'
  | 'outWidth'
  | 'outChannels'
  | 'filterDepth'
  | 'filterHeight'
  | 'filterWidth'
  | 'strideDepth'
  | 'strideHeight'
  | 'strideWidth'
  | 'padInfo'
>;

/**
 * For volumes TensorFlow.js lets the padding of 'same' fall below zero where the stride is larger than the filter, which
 * shifts the result; in TensorFlow, and for images, it ends at zero.
 */
export function withoutNegativePadding(info: backend_util.Conv3DInfo): backend_util.Conv3DInfo {
  const { padInfo } = info;
  const [front, top, left] = [padInfo.front, padInfo.top, padInfo.left].map((n) => Math.max(0, n)) as [
    number,
    number,
    number,
  ];
  return { ...info, padInfo: { ...padInfo, front, top, left } };
}

/** Images as volumes of one slice. */
export function asVolumes(info: backend_util.Conv2DInfo): ConvolutionSizes {
  const padInfo = { ...info.padInfo, front: 0, back: 0 };
  return { ...info, inDepth: 1, outDepth: 1, filterDepth: 1, strideDepth: 1, padInfo };
}
