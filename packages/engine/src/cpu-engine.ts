import type { EngineMode, ImageEngine } from './engine.js';
import { registerCpuLosses } from './losses/cpu-losses.js';
import { registerSegmentationGradient, segmentationLosses } from './losses/segmentation-losses.js';
import { registerSoftmaxGradient, softmaxCrossEntropy } from './losses/softmax-cross-entropy.js';
import { machineMemoryBytes } from './machine-memory.js';
import { registerCpuNormalise } from './normalisation/cpu-normalise.js';
import { normalise, registerNormaliseGradient } from './normalisation/normalise.js';
import { runningStatistics } from './normalisation/running-statistics.js';
import { referenceOptimizer } from './optimizer/reference-optimizer.js';
import { loadTf } from './tfjs.js';

/** Plain JavaScript: slow and exact, what the other back ends are compared with. */
export async function startCpuEngine(mode: EngineMode): Promise<ImageEngine> {
  const tf = loadTf();
  registerCpuNormalise(tf);
  registerNormaliseGradient(tf);
  registerCpuLosses(tf);
  registerSegmentationGradient(tf);
  registerSoftmaxGradient(tf);
  await tf.setBackend('cpu');
  await tf.ready();
  return {
    tf,
    backEnd: 'cpu',
    mode,
    threads: 1,
    crossEntropyAndDice: (logits, masks) => segmentationLosses(tf, logits, masks),
    softmaxCrossEntropy: (logits, weightedClasses) => softmaxCrossEntropy(tf, logits, weightedClasses),
    normalise: (x, scale, shift, options) => normalise(tf, x, scale, shift, options),
    runningStatistics: (running, batch, epsilon, momentum) =>
      runningStatistics(tf, running, batch, { epsilon, momentum }),
    ...referenceOptimizer(tf),
    heapBytes: () => 0,
    memoryLimitBytes: machineMemoryBytes(),
    stop: async () => {},
  };
}
