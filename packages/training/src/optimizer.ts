import type { Engine, Tensor, Variable } from '@consilium/engine';
import type { Role } from '@consilium/tensors';
import type { OptimizerSpec } from './training.js';

/** A variable that is trained, and what its values are for. */
export interface Trainable {
  readonly variable: Variable;
  readonly role: Role;
}

export interface Optimizer {
  /** One step against `gradients`, in the order of the trainables, scaled by `factor` before. */
  step(gradients: readonly Tensor[], factor: number, learningRate: number): void;
  dispose(): void;
}

/** An optimizer with fresh state. The caller disposes it. */
export function openOptimizer(engine: Engine, spec: OptimizerSpec, trainables: readonly Trainable[]): Optimizer {
  switch (spec.kind) {
    case 'sgd':
      return sgd(engine, trainables);
    case 'momentum':
      return momentum(engine, spec.momentum, trainables);
    case 'adam':
      return adam(engine, { ...spec, weightDecay: 0 }, trainables);
    case 'adamw':
      return adam(engine, spec, trainables);
  }
}

function sgd({ tf }: Engine, trainables: readonly Trainable[]): Optimizer {
  return {
    step: (gradients, factor, learningRate) =>
      trainables.forEach(({ variable }, i) => {
        tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(gradients[i]!, factor * learningRate))));
      }),
    dispose: () => {},
  };
}

/** velocity = momentum * velocity + gradient; the variable goes learningRate * velocity down (Polyak's heavy ball). */
function momentum({ tf }: Engine, share: number, trainables: readonly Trainable[]): Optimizer {
  const velocities = zerosLike({ tf }, trainables);
  return {
    step: (gradients, factor, learningRate) =>
      trainables.forEach(({ variable }, i) => {
        tf.tidy(() => {
          const velocity = velocities[i]!;
          velocity.assign(tf.add(tf.mul(velocity, share), tf.mul(gradients[i]!, factor)));
          variable.assign(tf.sub(variable, tf.mul(velocity, learningRate)));
        });
      }),
    dispose: () => tf.dispose(velocities),
  };
}

interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Kingma and Ba 2015, arXiv:1412.6980; decay decoupled as in Loshchilov and Hutter 2019, arXiv:1711.05101. */
function adam(engine: Engine, numbers: AdamNumbers, trainables: readonly Trainable[]): Optimizer {
  const { tf } = engine;
  const firstMoments = zerosLike(engine, trainables);
  const secondMoments = zerosLike(engine, trainables);
  let step = 0;
  return {
    step: (gradients, factor, learningRate) => {
      step += 1;
      trainables.forEach(({ variable, role }, i) => {
        const gradient = factor === 1 ? gradients[i]! : tf.mul(gradients[i]!, factor);
        engine.adamStep({
          ...numbers,
          variable,
          gradient,
          firstMoment: firstMoments[i]!,
          secondMoment: secondMoments[i]!,
          learningRate,
          // Decaying shifts, biases and scales only harms: they are few, and their size means something.
          weightDecay: role === 'weight' && variable.rank > 1 ? numbers.weightDecay : 0,
          step,
        });
        if (gradient !== gradients[i]) gradient.dispose();
      });
    },
    dispose: () => tf.dispose([...firstMoments, ...secondMoments]),
  };
}

function zerosLike({ tf }: Pick<Engine, 'tf'>, trainables: readonly Trainable[]): Variable[] {
  return trainables.map(({ variable }) => tf.tidy(() => tf.variable(tf.zerosLike(variable), false)));
}
