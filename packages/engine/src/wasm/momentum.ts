import type { Tensor } from '@tensorflow/tfjs-core';
import type { MomentumStep, Tf } from '../engine.js';
import { addressOf, registerWasmKernel } from './context.js';
import { makeOwn } from './own-buffer.js';

const MOMENTUM = 'ConsiliumMomentum';
/** As in assembly/momentum.ts. */
const BLOCK_BYTES = 4096;

type Rates = Pick<MomentumStep, 'learningRate' | 'momentum' | 'gradientFactor'>;

/** Gradient descent with or without momentum, in one pass. */
export function registerMomentum(tf: Tf): void {
  registerWasmKernel<Rates>(tf, MOMENTUM, ({ inputs, attrs }, context) => {
    const rates = context.heap.scratch('rates', 64);
    context.heap.float32(rates, 3).set([attrs.learningRate, attrs.momentum, attrs.gradientFactor]);
    const { variable, gradient, velocity } = inputs;
    const bytes = tf.util.sizeFromShape(variable!.shape) * 4;
    const addresses = [variable, gradient, velocity].map((tensor) => (tensor ? addressOf(context, tensor) : 0));
    context.pool.run('momentum', Math.ceil(bytes / BLOCK_BYTES), [...addresses, rates, bytes]);
    return [];
  });
}

/** One step, in place. */
export function momentumStep(tf: Tf, { variable, gradient, velocity, ...rates }: MomentumStep): void {
  makeOwn(tf, variable);
  if (velocity) makeOwn(tf, velocity);
  const inputs: Record<string, Tensor> = { variable, gradient, ...(velocity && { velocity }) };
  tf.engine().runKernel(MOMENTUM, inputs, { ...rates });
}
