import { readFileSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import type { EngineMode } from '../engine.js';
import { KERNELS, type Kernel } from './kernel-names.js';

export interface KernelModule {
  readonly module: WebAssembly.Module;
  readonly mode: EngineMode;
}

/**
 * Loads the built kernels: relaxed SIMD for the fast mode where this Node.js has it, plain SIMD otherwise.
 *
 * Errors   BACK_END_UNAVAILABLE when they have not been built.
 */
export function loadKernelModule(mode: EngineMode, isShared: boolean): KernelModule {
  const suffix = isShared ? '-shared' : '';
  if (mode === 'fast') {
    const relaxed = readKernels(`relaxed${suffix}.wasm`);
    if (WebAssembly.validate(relaxed)) return { module: new WebAssembly.Module(relaxed), mode };
  }
  return { module: new WebAssembly.Module(readKernels(`plain${suffix}.wasm`)), mode: 'deterministic' };
}

/** The kernels in the order of `KERNELS`. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel[] {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return KERNELS.map((name) => exports[name] as Kernel);
}

/** The folder lies beside both src and dist. */
function readKernels(file: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(new URL(`../../kernels/${file}`, import.meta.url));
  } catch (cause) {
    throw new ConsiliumError('BACK_END_UNAVAILABLE', { reason: 'kernels not built', file }, cause);
  }
}
