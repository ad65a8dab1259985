import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import type { DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import { loadWasmPackage } from '../tfjs.js';

const require = createRequire(import.meta.url);
const PACKAGE = '@tensorflow/tfjs-backend-wasm';
const PAGE_BYTES = 65_536;
/** What 32-bit addresses reach. */
export const HEAP_BYTES = 2 ** 32;
/** Upstream's allocator takes its growth as a signed number: a larger request would shrink the heap. */
const LARGEST_ALLOCATION = 2 ** 31 - 2 ** 20;

/** The parts of upstream's module and back end that we use; its own types hide them. */
interface EmscriptenModule {
  readonly asm: { readonly memory?: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(address: number): void;
  cwrap(name: string, returns: string | null, args: readonly string[]): (...args: number[]) => number;
  tfjs?: Record<string, (...args: number[]) => number>;
}

export interface WasmBackend extends KernelBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  getMemoryOffset(dataId: object): number;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  readonly wasm: {
    readonly tfjs: {
      disposeData(id: number): void;
      registerTensor(id: number, elements: number, address: number): void;
    };
  };
}

export interface TensorflowModule {
  readonly backend: WasmBackend;
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  allocate(bytes: number): number;
  free(address: number): void;
}

/**
 * Loads upstream's wasm module with one thread: the threaded build on shared memory where there is such a thing, so
 * that our helpers can work on its heap, otherwise the single-threaded one.
 *
 * Errors   BACK_END_UNAVAILABLE.
 */
export async function loadTensorflowModule(): Promise<TensorflowModule> {
  try {
    return await loadShared();
  } catch {
    try {
      return await loadPlain();
    } catch (cause) {
      throw new ConsiliumError('BACK_END_UNAVAILABLE', { reason: 'the wasm module does not load' }, cause);
    }
  }
}

async function loadShared(): Promise<TensorflowModule> {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: HEAP_BYTES / PAGE_BYTES, shared: true });
  const module = await withIdleWorkers(() => instantiate('tfjs-backend-wasm-threaded-simd', { wasmMemory: memory }));
  return complete(module, memory, true);
}

async function loadPlain(): Promise<TensorflowModule> {
  const module = await instantiate('tfjs-backend-wasm', { wasm: 'tfjs-backend-wasm-simd.wasm' });
  return complete(module, module.asm.memory!, false);
}

async function instantiate(
  glue: string,
  options: { wasm?: string; wasmMemory?: WebAssembly.Memory },
): Promise<EmscriptenModule> {
  const folder = join(dirname(require.resolve(`${PACKAGE}/package.json`)), 'wasm-out');
  const factory = require(join(folder, `${glue}.js`)) as (config: object) => Promise<EmscriptenModule>;
  return keepingProcessListeners(() =>
    factory({
      locateFile: (path: string) => join(folder, path.endsWith('.wasm') ? (options.wasm ?? path) : path),
      print: () => {},
      printErr: () => {},
      ...(options.wasmMemory && { wasmMemory: options.wasmMemory }),
    }),
  );
}

/** What upstream's own start does. */
function complete(module: EmscriptenModule, memory: WebAssembly.Memory, isShared: boolean): TensorflowModule {
  guardAllocator(module, memory);
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
  const upstream = loadWasmPackage();
  upstream.setThreadsCount(1);
  return {
    backend: new upstream.BackendWasm(module as never) as unknown as WasmBackend,
    memory,
    isShared,
    allocate: (bytes) => module._malloc(bytes),
    free: (address) => module._free(address),
  };
}

/**
 * Upstream does not look whether an allocation failed, and close to 4 GiB its allocator can hand out an address behind
 * the heap, having lost count of what it has given. Then nothing is allocated or freed any more: the heap is full.
 */
function guardAllocator(module: EmscriptenModule, memory: WebAssembly.Memory): void {
  module._free(module._malloc(8)); // the first calls replace the properties
  const { _malloc: malloc, _free: free } = module;
  let isBroken = false;
  module._malloc = (bytes) => {
    const address = !isBroken && bytes <= LARGEST_ALLOCATION ? malloc(bytes) >>> 0 : 0;
    if (address > 0 && address + bytes > memory.buffer.byteLength) isBroken = true;
    if (isBroken || (address === 0 && bytes > 0)) throw new ConsiliumError('MEMORY_EXHAUSTED', { bytes });
    return address;
  };
  module._free = (address) => {
    if (!isBroken) free(address);
  };
}

/** Emscripten starts eight workers for its own threads, of which one thread needs none: it gets workers that do nothing. */
async function withIdleWorkers<T>(start: () => Promise<T>): Promise<T> {
  const workerThreads = require('node:worker_threads') as { Worker: unknown };
  const real = workerThreads.Worker;
  const globals = globalThis as { Worker?: unknown };
  const globalWorker = globals.Worker;
  workerThreads.Worker = IdleWorker;
  try {
    return await start();
  } finally {
    workerThreads.Worker = real;
    if (globalWorker === undefined) delete globals.Worker;
    else globals.Worker = globalWorker;
  }
}

class IdleWorker {
  onmessage?: (event: { data: { cmd: string } }) => void;
  postMessage(message: { cmd: string }): void {
    if (message.cmd === 'load') queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }));
  }
  on(): void {}
  ref(): void {}
  unref(): void {}
  terminate(): void {}
}

/** Emscripten replaces the process' handlers of uncaught errors, and takes away those that were there before. */
async function keepingProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  type Listener = (...args: unknown[]) => void;
  const before = events.map((event) => process.listeners(event as 'uncaughtException') as Listener[]);
  try {
    return await start();
  } finally {
    events.forEach((event, i) => {
      process.removeAllListeners(event);
      for (const listener of before[i]!) process.on(event, listener);
    });
  }
}
