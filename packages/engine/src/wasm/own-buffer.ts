import type { Variable } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { WasmBackend } from './tensorflow-module.js';

/**
 * Before a kernel writes into a variable: one that shares its buffer with another tensor (a clone, its initial value) gets
 * a buffer of its own.
 */
export function makeOwn(tf: Tf, variable: Variable): void {
  if ((tf.backend() as WasmBackend).refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}
