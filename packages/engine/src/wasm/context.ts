import { ConsiliumError } from '@consilium/errors';
import type { DataType, KernelBackend, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { Heap } from './heap.js';
import type { WasmBackend } from './tensorflow-module.js';
import type { ThreadPool } from './thread-pool.js';

/** What a kernel works with. */
export interface WasmContext {
  readonly tf: Tf;
  readonly backend: WasmBackend;
  readonly heap: Heap;
  readonly pool: ThreadPool;
}

export interface KernelCall<Attributes> {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Attributes;
  /** Calls another kernel of the back end; the caller owns its output. */
  call(kernel: string, inputs: Record<string, TensorInfo>, attrs: object): TensorInfo;
}

type Result = TensorInfo | TensorInfo[];

const contexts = new WeakMap<KernelBackend, WasmContext>();

export function attachContext(context: WasmContext): void {
  contexts.set(context.backend, context);
}

/**
 * Registers a kernel of ours for the wasm back end, in the place of upstream's. Where ours returns undefined, upstream's
 * does the work.
 *
 * Errors   KERNEL_UNSUPPORTED where there is none.
 */
export function registerWasmKernel<Attributes>(
  tf: Tf,
  kernelName: string,
  compute: (call: KernelCall<Attributes>, context: WasmContext) => Result | undefined,
): void {
  const upstream = tf.getKernel(kernelName, 'wasm');
  if (upstream) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    ...(upstream?.setupFunc && { setupFunc: upstream.setupFunc }),
    kernelFunc: (args) => {
      const backend = args.backend as KernelBackend;
      const call: KernelCall<Attributes> = {
        inputs: args.inputs as unknown as Record<string, TensorInfo>,
        attrs: args.attrs as unknown as Attributes,
        call: (name, inputs, attrs) =>
          tf.getKernel(name, 'wasm').kernelFunc({ inputs, backend, attrs: attrs as NamedAttrMap }) as TensorInfo,
      };
      const result = compute(call, contexts.get(backend)!) ?? upstream?.kernelFunc(args);
      if (!result) throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: kernelName });
      return result;
    },
  });
}

/** The address of a tensor's first element. */
export function addressOf(context: WasmContext, tensor: TensorInfo): number {
  return context.backend.getMemoryOffset(tensor.dataId) >>> 0;
}

/** A tensor's elements, valid until the next allocation. */
export function elementsOf(context: WasmContext, tensor: TensorInfo): Float32Array {
  return context.backend.typedArrayFromHeap(tensor) as Float32Array;
}

export function newTensor(context: WasmContext, shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
  return context.backend.makeOutput([...shape], dtype);
}
