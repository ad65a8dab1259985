import type { Engine } from '@consilium/engine';
import type { ModelSpec } from '@consilium/models';
import type { ScoreEdges, Statistics } from '@consilium/validation';
import type { MemoryPlan } from './memory-plan.js';
import type { TrainingBatch } from './training-batches.js';

/** One preprocessed example as the model sees it. */
export interface Example {
  /** [height * width * channels], row-major, channels last. */
  readonly image: Float32Array;
  /** [height * width], 0 or 1 (segmentation). */
  readonly mask?: Uint8Array;
  /** Index of the class in the plan (classification). */
  readonly label?: number;
}

/** The examples of one part of a split, in a fixed order. Reading may touch the disk; the trainer reads ahead. */
export interface ExampleSource {
  readonly count: number;
  read(index: number): Example;
}

/** The parts of a resolved plan that training and evaluation need; a `Plan` of packages/plan fits as it is. */
export interface LearningTask {
  readonly task:
    | {
        readonly kind: 'segmentation';
        readonly structures: readonly string[];
        readonly loss: { readonly kind: 'cross-entropy-and-dice'; readonly diceShare: number };
      }
    | {
        readonly kind: 'classification';
        readonly classes: readonly string[];
        readonly loss: { readonly kind: 'cross-entropy'; readonly classWeights: 'none' | 'balanced' };
      };
  readonly preprocessing: { readonly height: number; readonly width: number };
  readonly augmentation: {
    readonly flip: 'none' | 'horizontal' | 'both';
    readonly shiftPixels: number;
    readonly intensityJitter: number;
  };
  readonly model: ModelSpec;
  readonly training: {
    readonly epochsPerRound: number;
    readonly batchSize: number;
    readonly optimizer: OptimizerSpec;
    readonly learningRateDecay: number;
    readonly clipGradientNorm: number;
  };
}

export type OptimizerSpec =
  | { readonly kind: 'sgd'; readonly learningRate: number }
  | { readonly kind: 'momentum'; readonly learningRate: number; readonly momentum: number }
  | {
      readonly kind: 'adam';
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
    }
  | {
      readonly kind: 'adamw';
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    };

export interface TrainingStep {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

export interface TrainingRequest {
  readonly plan: LearningTask;
  /** Weights to start from, in layout order; not changed. */
  readonly initial: Float32Array;
  readonly examples: ExampleSource;
  /** Rounds that have closed before: they decide the learning rate. */
  readonly closedRounds: number;
  /** Seed of shuffling and augmentation of this round at this site. */
  readonly seed: Uint8Array;
  /** The round's batches when someone else reads them, ahead of the training; else they are read between the steps. */
  readonly batches?: AsyncIterable<TrainingBatch>;
  /** Most bytes that this may take of the back end; the engine's own limit when not given. */
  readonly memoryLimitBytes?: number | undefined;
  /** Called once, before the first step. */
  readonly onMemoryPlan?: (memory: MemoryPlan) => void;
  readonly onStep?: (step: TrainingStep) => void;
  readonly signal: AbortSignal;
}

export interface TrainingResult {
  readonly values: Float32Array;
  readonly steps: number;
  /** Mean loss over the examples of the last epoch. */
  readonly loss: number;
}

export interface EvaluationRequest {
  readonly plan: LearningTask;
  readonly values: Float32Array;
  readonly examples: ExampleSource;
  /** The site's training examples, with which running statistics are measured anew; needed by models that have some. */
  readonly trainingExamples?: ExampleSource | undefined;
  /** Where the scores of each class are cut; empty for a segmentation. */
  readonly scoreEdges: ScoreEdges;
  /** As in `TrainingRequest`. */
  readonly memoryLimitBytes?: number | undefined;
  readonly onBatch?: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Errors  TRAINING_DIVERGED, STOPPED, MODEL_SPEC_INVALID, MODEL_VARIANCE_INVALID, PLAN_TOO_LARGE, UPDATE_LAYOUT_MISMATCH. */
export type Train = (engine: Engine, request: TrainingRequest) => Promise<TrainingResult>;
/** Errors  STOPPED, MODEL_SPEC_INVALID, MODEL_VARIANCE_INVALID, PLAN_TOO_LARGE, UPDATE_LAYOUT_MISMATCH. */
export type Evaluate = (engine: Engine, request: EvaluationRequest) => Promise<Statistics>;
