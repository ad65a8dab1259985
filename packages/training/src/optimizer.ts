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
      return momentum(engine, 0, trainables);
    case 'momentum':
      return momentum(engine, spec.momentum, trainables);
    case 'adam':
      return adam(engine, { ...spec, weightDecay: 0 }, trainables);
    case 'adamw':
      return adam(engine, spec, trainables);
  }
}

/** velocity = momentum * velocity + gradient; the variable goes learningRate * velocity down (Polyak's heavy ball). */
function momentum(engine: Engine, share: number, trainables: readonly Trainable[]): Optimizer {
  const velocities = share === 0 ? [] : zerosLike(engine, trainables);
  return {
    step: (gradients, gradientFactor, learningRate) =>
      trainables.forEach(({ variable }, i) => {
        const velocity = velocities[i];
        const numbers = { learningRate, momentum: share, gradientFactor };
        engine.momentumStep({ variable, gradient: gradients[i]!, ...numbers, ...(velocity && { velocity }) });
      }),
    dispose: () => engine.tf.dispose(velocities),
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
  const firstMoments = zerosLike(engine, trainables);
  const secondMoments = zerosLike(engine, trainables);
  let step = 0;
  return {
    step: (gradients, gradientFactor, learningRate) => {
      step += 1;
      trainables.forEach(({ variable, role }, i) => {
        engine.adamStep({
          ...numbers,
          variable,
          gradient: gradients[i]!,
          gradientFactor,
          firstMoment: firstMoments[i]!,
          secondMoment: secondMoments[i]!,
          learningRate,
          // Decaying shifts, biases and scales only harms: they are few, and their size means something.
          weightDecay: role === 'weight' && variable.rank > 1 ? numbers.weightDecay : 0,
          step,
        });
      });
    },
    dispose: () => engine.tf.dispose([...firstMoments, ...secondMoments]),
  };
}

function zerosLike({ tf }: Engine, trainables: readonly Trainable[]): Variable[] {
  return trainables.map(({ variable }) => tf.tidy(() => tf.variable(tf.zerosLike(variable), false)));
}
