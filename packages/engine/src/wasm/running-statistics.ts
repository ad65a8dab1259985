import type { Tf } from '../engine.js';
import { RUNNING_STATISTICS, type RunningAttributes } from '../normalisation/running-statistics.js';
import { elementsOf, newTensor, registerWasmKernel } from './context.js';

/** A loop over the channels: the dozen operations it stands for cost more in TensorFlow.js than on the processor. */
export function registerRunningStatistics(tf: Tf): void {
  registerWasmKernel<RunningAttributes>(tf, RUNNING_STATISTICS, ({ inputs, attrs }, context) => {
    const { epsilon, momentum } = attrs;
    const { shape } = inputs.mean!;
    const outputs = [newTensor(context, shape), newTensor(context, shape)] as const;
    // Views only now: an allocation may move the heap.
    const [mean, variance] = [elementsOf(context, inputs.mean!), elementsOf(context, inputs.variance!)];
    const batchMean = elementsOf(context, inputs.batchMean!);
    const batchReciprocal = elementsOf(context, inputs.batchReciprocal!);
    const [newMean, newVariance] = [elementsOf(context, outputs[0]), elementsOf(context, outputs[1])];
    for (let c = 0; c < mean.length; c++) {
      const ofBatch = Math.max(0, 1 / batchReciprocal[c]! ** 2 - epsilon);
      newMean[c] = mean[c]! * momentum + batchMean[c]! * (1 - momentum);
      newVariance[c] = variance[c]! * momentum + ofBatch * (1 - momentum);
    }
    return [...outputs];
  });
}
