import type { ErrorCode, ErrorDetail } from '@consilium/errors';
import type { LearningTask, TrainingBatch } from '@consilium/training';
import type { TensorFile } from '../preprocessing/tensor-file.js';

/** A round's batches; the batches of it are then asked for one by one. */
export interface InputJob {
  readonly plan: LearningTask;
  readonly examples: TensorFile;
  readonly seed: Uint8Array;
}

/** Asks the input thread for one more batch. */
export const ONE_MORE = 'one more';

export type FromInput =
  | { readonly kind: 'batch'; readonly batch: TrainingBatch }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: ErrorDetail };
