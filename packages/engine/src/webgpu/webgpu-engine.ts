import type { EngineMode, ImageEngine } from '../engine.js';
import { composedLosses } from '../losses/composed-losses.js';
import { machineMemoryBytes } from '../machine-memory.js';
import { normalise, registerNormaliseGradient } from '../normalisation/normalise.js';
import { registerReferenceNormalise } from '../normalisation/reference-normalise.js';
import { runningStatistics } from '../normalisation/running-statistics.js';
import { referenceOptimizer } from '../optimizer/reference-optimizer.js';
import { loadTf, loadWebgpuPackage } from '../tfjs.js';
import { nameOf, requestAdapter, unavailable } from './adapter.js';
import { reportFailures } from './failures.js';
import { registerPooling } from './pooling.js';
import { registerSums } from './sums.js';
import type { WebgpuPackage } from './upstream.js';

/** What upstream's kernels may use of a device beyond the least that every one has. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
] as const satisfies (keyof GPUSupportedLimits)[];

/** Values of upstream's flag for products: its choice by shape, and the kernel in tiles. */
const MATRIX_PRODUCTS = { fast: -1, deterministic: 3 } as const satisfies Record<EngineMode, number>;

/**
 * Starts TensorFlow.js on a graphics processor through Dawn (Vulkan, Metal or Direct3D 12), for those without CUDA.
 * A tensor is read with `data()` alone: there is no synchronous way.
 *
 * Numbers  upstream's kernel for products of long rows adds parts as they come: the deterministic mode is without it.
 * Errors   BACK_END_UNAVAILABLE, with the reason.
 */
export async function startWebgpuEngine(mode: EngineMode): Promise<ImageEngine> {
  const adapter = await requestAdapter();
  const device = await requestDevice(adapter);
  const tf = loadTf();
  const { WebGPUBackend } = loadPackage();
  const backend = new WebGPUBackend(device, adapter.info);
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', MATRIX_PRODUCTS[mode]);
  reportFailures(backend, device);
  registerSums(tf);
  registerPooling(tf);
  registerReferenceNormalise(tf, 'webgpu');
  registerNormaliseGradient(tf);
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend);
  await tf.setBackend('webgpu');
  return {
    tf,
    backEnd: 'webgpu',
    mode,
    threads: 1,
    device: nameOf(adapter.info),
    normalise: (x, scale, shift, options) => normalise(tf, x, scale, shift, options),
    runningStatistics: (running, batch, epsilon, momentum) =>
      runningStatistics(tf, running, batch, { epsilon, momentum }),
    ...composedLosses(tf),
    ...referenceOptimizer(tf),
    heapBytes: () => backend.memory().numBytesAllocatedInGPU,
    memoryLimitBytes: machineMemoryBytes(), // WebGPU does not tell the device's
    stop: async () => {
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  try {
    return await adapter.requestDevice({ requiredLimits });
  } catch (error) {
    throw unavailable(`the device of ${nameOf(adapter.info)} does not start`, error);
  }
}

function loadPackage(): WebgpuPackage {
  try {
    return loadWebgpuPackage();
  } catch (error) {
    throw unavailable('package not installed: npm install @tensorflow/tfjs-backend-webgpu', error);
  }
}
