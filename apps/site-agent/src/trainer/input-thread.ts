import { parentPort } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import { trainingBatches } from '@consilium/training';
import { openTensorFile } from '../preprocessing/tensor-file.js';
import { type FromInput, type InputJob, ONE_MORE } from './input-messages.js';

/** Reads and augments batches in their order, one for each request, while the trainer computes. One job after another. */
let job:
  | { readonly batches: ReturnType<typeof trainingBatches>; readonly source: ReturnType<typeof openTensorFile> }
  | undefined;

parentPort!.on('message', (message: InputJob | typeof ONE_MORE) => {
  if (message !== ONE_MORE) begin(message);
  // Requests that were under way when a job ended find none.
  else if (job) answer(job);
});

function begin({ plan, examples, seed }: InputJob): void {
  const source = openTensorFile(examples);
  job = { source, batches: trainingBatches(plan, source, seed) };
}

function answer({ batches }: NonNullable<typeof job>): void {
  try {
    const next = batches.next();
    if (next.done) end({ kind: 'end' });
    else {
      const { images, masks, labels } = next.value.batch;
      const moved = [images.buffer, masks.buffer, labels.buffer] as ArrayBuffer[];
      parentPort!.postMessage({ kind: 'batch', batch: next.value } satisfies FromInput, moved);
    }
  } catch (error) {
    // Anything else ends the thread, and the trainer hears of it there.
    if (!(error instanceof ConsiliumError)) throw error;
    end({ kind: 'failed', code: error.code, detail: error.detail });
  }
}

function end(message: FromInput): void {
  job?.source.close();
  job = undefined;
  parentPort!.postMessage(message);
}
