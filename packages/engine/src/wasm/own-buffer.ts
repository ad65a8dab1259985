import type { Variable } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { WasmBackend } from './tensorflow-module.js';

/**
 * Before a kernel writes into a variable: one that shares its buffer with another tensor (a clone, its initial value) gets
 * a buffer of its own, and what upstream keeps of its values is dropped: XNNPACK's operators (a matrix product among them)
 * hold packed weights for as long as they know the tensor.
 */
export function makeOwn(tf: Tf, variable: Variable): void {
  const backend = tf.backend() as WasmBackend;
  if (backend.refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(tf.mul(variable, 1)));
  else {
    const { id, memoryOffset } = backend.dataIdMap.get(variable.dataId);
    backend.wasm.tfjs.disposeData(id);
    backend.wasm.tfjs.registerTensor(id, variable.size, memoryOffset);
  }
}
