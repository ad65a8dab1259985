import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** The parts of `@tensorflow/tfjs-backend-webgpu` that are used here; the package is optional, so its own types may not be there. */
export interface WebgpuPackage {
  readonly WebGPUBackend: new (device: GPUDevice, adapterInfo: GPUAdapterInfo) => WebgpuBackend;
}

export interface WebgpuBackend extends KernelBackend {
  readonly bufferManager: BufferManager;
  memory(): { readonly unreliable: boolean; readonly numBytesAllocatedInGPU: number };
  makeTensorInfo(shape: readonly number[], dtype: 'float32'): TensorInfo;
  runWebGPUProgram(
    program: WebgpuProgram,
    inputs: readonly TensorInfo[],
    dtype: 'float32',
    uniforms?: readonly Uniform[],
  ): TensorInfo;
}

export interface BufferManager {
  acquireBuffer(sizeBytes: number, usage: number, isMapped?: boolean, reuse?: boolean): GPUBuffer;
}

export interface Uniform {
  readonly type: 'int32' | 'float32';
  readonly data: readonly number[];
}

/** What upstream makes a compute shader of. */
export interface WebgpuProgram {
  readonly variableNames: readonly string[];
  /** WGSL, fields of a struct; their values come with each run. */
  readonly uniforms: string;
  readonly outputShape: readonly number[];
  readonly dispatchLayout: { readonly x: readonly number[] };
  dispatch: readonly [number, number, number];
  readonly workgroupSize: readonly [number, number, number];
  /** Programs with the same key and the same ranks share a shader. */
  readonly shaderKey: string;
  /** Whether `uniforms.size` holds the number of outputs. */
  readonly size: true;
  /** WGSL with a function `main(index : i32)`. */
  getUserCode(): string;
}
