import type { Tensor } from '@tensorflow/tfjs-core';
import type { AdamStep, Tf } from '../engine.js';
import { addressOf, registerWasmKernel } from './context.js';
import { makeOwn } from './own-buffer.js';

const ADAM = 'ConsiliumAdam';
/** As in assembly/adam.ts. */
const BLOCK_BYTES = 4096;

type Rates = Omit<AdamStep, 'variable' | 'gradient' | 'firstMoment' | 'secondMoment'>;

/** AdamW in one pass over weights, gradient and moments. */
export function registerAdam(tf: Tf): void {
  registerWasmKernel<Rates>(tf, ADAM, ({ inputs, attrs }, context) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, gradientFactor, step } = attrs;
    const rates = context.heap.scratch('rates', 64);
    context.heap
      .float32(rates, 9)
      .set([
        learningRate / (1 - beta1 ** step),
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 / (1 - beta2 ** step),
        epsilon,
        1 - learningRate * weightDecay,
        gradientFactor,
      ]);
    const variable = inputs.variable!;
    const tensors = [variable, inputs.gradient!, inputs.firstMoment!, inputs.secondMoment!];
    const bytes = tf.util.sizeFromShape(variable.shape) * 4;
    const addresses = tensors.map((tensor) => addressOf(context, tensor));
    context.pool.run('adam', Math.ceil(bytes / BLOCK_BYTES), [...addresses, rates, bytes]);
    return [];
  });
}

/** One step, in place. */
export function adamStep(tf: Tf, { variable, gradient, firstMoment, secondMoment, ...rates }: AdamStep): void {
  for (const target of [variable, firstMoment, secondMoment]) makeOwn(tf, target);
  const inputs: Record<string, Tensor> = { variable, gradient, firstMoment, secondMoment };
  tf.engine().runKernel(ADAM, inputs, { ...rates });
}
