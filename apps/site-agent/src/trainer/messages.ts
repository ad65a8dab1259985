import type { EngineOptions } from '@consilium/engine';
import type { ErrorCode, ErrorDetail } from '@consilium/errors';
import type { LearningTask, MemoryPlan, TrainingStep } from '@consilium/training';
import type { ScoreEdges, Statistics } from '@consilium/validation';
import type { TensorFile } from '../preprocessing/tensor-file.js';

/** Asks whether training and evaluation of a plan would fit into memory. */
export interface CheckJob {
  readonly kind: 'check';
  readonly plan: LearningTask;
  readonly memoryLimitBytes?: number | undefined;
}

/** What the trainer's process is asked to do. Weights and examples travel as files, never through the channel. */
export interface TrainJob {
  readonly kind: 'train';
  readonly plan: LearningTask;
  /** Chunks of the model to start from, in order; each file is named by its SHA-256. */
  readonly basePaths: readonly string[];
  readonly examples: TensorFile;
  readonly closedRounds: number;
  readonly seed: Uint8Array;
  /** Where the delta goes: raw little-endian float32 values in layout order. */
  readonly deltaPath: string;
  /** Most that it may take of the back end's memory, where the site sets a limit. */
  readonly memoryLimitBytes?: number | undefined;
}

export interface EvaluateJob {
  readonly kind: 'evaluate';
  readonly plan: LearningTask;
  readonly modelPaths: readonly string[];
  readonly examples: TensorFile;
  /** For models with running statistics. */
  readonly trainingExamples?: TensorFile | undefined;
  readonly scoreEdges: ScoreEdges;
  readonly memoryLimitBytes?: number | undefined;
}

export type ToTrainer = { readonly kind: 'start'; readonly engine: EngineOptions } | CheckJob | TrainJob | EvaluateJob;

export type FromTrainer =
  | {
      readonly kind: 'started';
      readonly backEnd: string;
      readonly threads: number;
      /** As in `Engine`. */
      readonly passedOver: readonly string[];
    }
  | { readonly kind: 'memory'; readonly memory: MemoryPlan }
  | { readonly kind: 'fits' }
  | { readonly kind: 'step'; readonly step: TrainingStep }
  | { readonly kind: 'batch'; readonly done: number; readonly total: number }
  | { readonly kind: 'trained'; readonly steps: number; readonly loss: number }
  | { readonly kind: 'evaluated'; readonly statistics: Statistics }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: ErrorDetail; readonly stack: string };
