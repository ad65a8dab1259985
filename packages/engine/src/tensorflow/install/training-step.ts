import type { Tensor4D } from '../../engine.js';
import { layoutOf } from '../installation.js';
import { startTensorflowEngine } from '../tensorflow-engine.js';
import type { UpstreamBackend } from '../upstream.js';

/**
 * A process of its own: one real training step (convolution, normalisation, gradients, Adam) with the installation in the
 * folder that it is given. Prints what it saw as JSON.
 */
const engine = await startTensorflowEngine('fast', 1, layoutOf(process.argv[2]!));
const { tf } = engine;
const x = tf.randomNormal([2, 16, 16, 4], 0, 1, 'float32', 1) as Tensor4D;
const filter = tf.variable(tf.randomNormal([3, 3, 4, 8], 0, 0.1, 'float32', 2)) as never;
const [scale, shift] = [tf.variable(tf.ones([8])), tf.variable(tf.zeros([8]))] as never[];
const moments = () => tf.variable(tf.zeros([3, 3, 4, 8]), false);
const [firstMoment, secondMoment] = [moments(), moments()];
const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, gradientFactor: 1 };
const losses: number[] = [];
let stepMs = 0;
for (let step = 1; step <= 3; step++) {
  const begin = performance.now();
  const loss = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const y = tf.conv2d(x, filter, 1, 'same');
      const options = { kind: 'batch', groups: 1, epsilon: 1e-3, relu: true } as const;
      return tf.mean(tf.square(tf.sub(engine.normalise(y as Tensor4D, scale!, shift!, options).y, 1))) as never;
    });
    const gradient = grads[(filter as { name: string }).name]!;
    engine.adamStep({ variable: filter, gradient, firstMoment, secondMoment, ...rates, step });
    return value.dataSync()[0]!;
  });
  losses.push(loss);
  stepMs = performance.now() - begin;
}
if (!losses.every(Number.isFinite) || losses[2]! >= losses[0]!)
  throw new Error(`a training step did not lower the loss: ${losses.join(', ')}`);
const version = (tf.backend() as UpstreamBackend).binding.TF_Version;
process.stdout.write(JSON.stringify({ stepMs: Number(stepMs.toFixed(2)), device: engine.device, version }));
