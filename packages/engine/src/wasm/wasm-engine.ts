import type { EngineMode, ImageEngine } from '../engine.js';
import { segmentationLosses } from '../losses/segmentation-losses.js';
import { softmaxCrossEntropy } from '../losses/softmax-cross-entropy.js';
import { machineMemoryBytes } from '../machine-memory.js';
import { normalise } from '../normalisation/normalise.js';
import { runningStatistics } from '../normalisation/running-statistics.js';
import { loadTf, loadWasmPackage } from '../tfjs.js';
import { adamStep } from './adam.js';
import { attachContext } from './context.js';
import { gradientNorm } from './gradient-norm.js';
import { Heap } from './heap.js';
import { installKernels } from './install-kernels.js';
import { loadKernelModule } from './kernel-module.js';
import { momentumStep } from './momentum.js';
import { HEAP_BYTES, loadTensorflowModule } from './tensorflow-module.js';
import { ThreadPool } from './thread-pool.js';

/**
 * Starts the embedded default: TensorFlow.js on WebAssembly with our kernels on its heap.
 * Without shared memory, or where helper threads do not start, it runs on one thread.
 *
 * Errors   BACK_END_UNAVAILABLE.
 */
export async function startWasmEngine(mode: EngineMode, threads: number): Promise<ImageEngine> {
  const tf = loadTf();
  loadWasmPackage();
  const upstream = await loadTensorflowModule();
  const kernels = loadKernelModule(mode, upstream.isShared);
  const pool = await startPool(kernels.module, upstream.memory, upstream.isShared ? threads : 1);
  const heap = new Heap(upstream.memory, upstream);
  attachContext({ tf, backend: upstream.backend, heap, pool });
  installKernels(tf);
  if (tf.findBackendFactory('wasm')) tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => upstream.backend);
  await tf.setBackend('wasm');
  return {
    tf,
    backEnd: 'wasm',
    mode: kernels.mode,
    threads: pool.threads,
    crossEntropyAndDice: (logits, masks) => segmentationLosses(tf, logits, masks),
    softmaxCrossEntropy: (logits, weightedClasses) => softmaxCrossEntropy(tf, logits, weightedClasses),
    normalise: (x, scale, shift, options) => normalise(tf, x, scale, shift, options),
    runningStatistics: (running, batch, epsilon, momentum) =>
      runningStatistics(tf, running, batch, { epsilon, momentum }),
    adamStep: (step) => adamStep(tf, step),
    momentumStep: (step) => momentumStep(tf, step),
    gradientNorm: (gradients) => gradientNorm(tf, gradients),
    heapBytes: () => upstream.memory.buffer.byteLength,
    memoryLimitBytes: Math.min(HEAP_BYTES, machineMemoryBytes()),
    stop: async () => {
      await pool.stop();
      tf.removeBackend('wasm');
    },
  };
}

async function startPool(module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number): Promise<ThreadPool> {
  try {
    return await ThreadPool.start(module, memory, threads);
  } catch (error) {
    if (threads === 1) throw error;
    return ThreadPool.start(module, memory, 1);
  }
}
