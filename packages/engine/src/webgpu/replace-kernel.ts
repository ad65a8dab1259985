import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

export type KernelArguments = Parameters<KernelConfig['kernelFunc']>[0];

const REPLACED = new Set<string>();

/** Puts a kernel in the place of upstream's, which does the work where ours gives undefined. Once per process. */
export function replaceKernel(
  tf: Tf,
  kernelName: string,
  compute: (args: KernelArguments) => TensorInfo | undefined,
): void {
  if (REPLACED.has(kernelName)) return;
  REPLACED.add(kernelName);
  const upstream = tf.getKernel(kernelName, 'webgpu');
  tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({ ...upstream, kernelFunc: (args) => compute(args) ?? upstream.kernelFunc(args) });
}
