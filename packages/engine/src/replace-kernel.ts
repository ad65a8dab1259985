import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackEnd, Tf } from './engine.js';

export type KernelArguments = Parameters<KernelConfig['kernelFunc']>[0];
type Kernel = (args: KernelArguments) => TensorInfo;

const REPLACED = new Set<string>();

/** Puts a kernel in the place of upstream's, which it may call. Once per process. */
export function replaceKernel(
  tf: Tf,
  backEnd: BackEnd,
  kernelName: string,
  compute: (args: KernelArguments, upstream: Kernel) => TensorInfo,
): void {
  const key = `${backEnd} ${kernelName}`;
  if (REPLACED.has(key)) return;
  REPLACED.add(key);
  const upstream = tf.getKernel(kernelName, backEnd);
  tf.unregisterKernel(kernelName, backEnd);
  tf.registerKernel({
    ...upstream,
    kernelFunc: (args) => compute(args, (changed) => upstream.kernelFunc(changed) as TensorInfo),
  });
}
