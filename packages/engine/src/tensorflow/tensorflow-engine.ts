import { ConsiliumError } from '@consilium/errors';
import type { EngineMode, ImageEngine } from '../engine.js';
import { composedLosses } from '../losses/composed-losses.js';
import { machineMemoryBytes } from '../machine-memory.js';
import { normalise } from '../normalisation/normalise.js';
import { runningStatistics } from '../normalisation/running-statistics.js';
import { referenceOptimizer } from '../optimizer/reference-optimizer.js';
import { loadTf } from '../tfjs.js';
import { releaseResourcesWithTensors, tensorflowAdamStep } from './adam.js';
import { readEngineEnvironment, setForTensorflow } from './env.js';
import { findGpus, hasGpuInstallation } from './gpu.js';
import { type InstallationFolder, installationFolder, requireInstallation } from './installation.js';
import { registerTensorflowNormalise, TENSORFLOW_NORMALISE } from './normalise.js';
import { Operations } from './operations.js';
import { registerPadding } from './padding.js';
import { sessionConfig } from './session-config.js';
import { registerSums } from './sums.js';
import { loadUpstream, type UpstreamBackend } from './upstream.js';

/** TensorFlow makes its context once per process: threads and mode of the first start stay. */
let loaded: { readonly backend: UpstreamBackend; readonly threads: number; readonly mode: EngineMode } | undefined;

/**
 * TensorFlow's own kernels, from an installation in the user's data folder. A GPU is used where TensorFlow sees one; its
 * memory is taken as it is needed.
 *
 * Numbers  on a CPU, TensorFlow splits sums by the number of threads: the deterministic mode has one.
 * Errors   BACK_END_UNAVAILABLE: not installed, or its libraries cannot be loaded; ENGINE_INSTALLATION_CORRUPT.
 */
export async function startTensorflowEngine(
  mode: EngineMode,
  threadsAsked: number,
  folder: InstallationFolder = completeInstallation(),
): Promise<ImageEngine> {
  const threads = mode === 'deterministic' && !hasGpuInstallation() ? 1 : threadsAsked;
  const tf = loadTf();
  loaded ??= load(folder, mode, threads);
  if (loaded.mode !== mode || loaded.threads !== threads)
    throw new ConsiliumError('BACK_END_UNAVAILABLE', {
      backEnd: 'tensorflow',
      reason: `this process has it with ${loaded.threads} threads in mode ${loaded.mode}; use another process`,
    });
  const { backend } = loaded;
  const operations = new Operations(tf, backend);
  registerTensorflowNormalise(operations);
  registerPadding(tf);
  if (!backend.isUsingGpuDevice) registerSums(tf);
  if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
  tf.registerBackend('tensorflow', () => backend);
  await tf.setBackend('tensorflow');
  return {
    tf,
    backEnd: 'tensorflow',
    mode,
    threads,
    device: backend.isUsingGpuDevice ? 'GPU' : 'CPU',
    normalise: (x, scale, shift, options) => normalise(tf, x, scale, shift, options, TENSORFLOW_NORMALISE),
    runningStatistics: (running, batch, epsilon, momentum) =>
      runningStatistics(tf, running, batch, { epsilon, momentum }),
    ...composedLosses(tf),
    ...referenceOptimizer(tf),
    adamStep: (step) => tensorflowAdamStep(operations, step),
    heapBytes: () => 0,
    memoryLimitBytes: backend.isUsingGpuDevice ? gpuMemoryBytes() : machineMemoryBytes(),
    stop: async () => {
      operations.dispose();
      tf.removeBackend('tensorflow');
    },
  };
}

/** What was allowed, or nine tenths of the first GPU's memory; where that is not told, no more than the machine's. */
function gpuMemoryBytes(): number {
  const allowed = readEngineEnvironment().gpuMemoryMebibytes;
  const mebibytes = allowed === undefined ? 0.9 * (findGpus()[0]?.memoryMebibytes ?? 0) : Number(allowed);
  return mebibytes > 0 ? mebibytes * 2 ** 20 : machineMemoryBytes();
}

function completeInstallation(): InstallationFolder {
  const folder = installationFolder();
  requireInstallation(folder);
  return folder;
}

function load(folder: InstallationFolder, mode: EngineMode, threads: number): NonNullable<typeof loaded> {
  const limit = readEngineEnvironment().gpuMemoryMebibytes;
  const gpuMemoryMebibytes = limit === undefined ? undefined : Number(limit);
  if (gpuMemoryMebibytes !== undefined && !(gpuMemoryMebibytes >= 1))
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'CONSILIUM_GPU_MEMORY_MIB: a number of mebibytes' });
  // oneDNN convolves in about two thirds of Eigen's time, but where TensorFlow chooses by the processor it is often off.
  setForTensorflow({ TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: mode === 'fast' ? '1' : '0' }, true);
  setForTensorflow(
    {
      CONSILIUM_TENSORFLOW_CONFIG: sessionConfig({ threads, gpuMemoryMebibytes }),
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      // cuDNN then chooses by a rule, not by timing, and only kernels that add in a fixed order.
      ...(mode === 'deterministic' && { TF_DETERMINISTIC_OPS: '1', TF_CUDNN_DETERMINISTIC: '1' }),
    },
    false,
  );
  try {
    const backend = loadUpstream(folder);
    releaseResourcesWithTensors(new Operations(loadTf(), backend));
    return { backend, threads, mode };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw new ConsiliumError('BACK_END_UNAVAILABLE', { backEnd: 'tensorflow', reason }, error);
  }
}
