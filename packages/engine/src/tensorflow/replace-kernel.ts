import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

export type KernelArguments = Parameters<KernelConfig['kernelFunc']>[0];
type Kernel = (args: KernelArguments) => TensorInfo;

const REPLACED = new Set<string>();

/** Puts a kernel in the place of upstream's, which it may call. Once per process. */
export function replaceKernel(
  tf: Tf,
  kernelName: string,
  compute: (args: KernelArguments, upstream: Kernel) => TensorInfo,
) {
  if (REPLACED.has(kernelName)) return;
  REPLACED.add(kernelName);
  const upstream = tf.getKernel(kernelName, 'tensorflow');
  tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({
    ...upstream,
    kernelFunc: (args) => compute(args, (changed) => upstream.kernelFunc(changed) as TensorInfo),
  });
}
