import { parentPort, workerData } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import { trainingBatches } from '@consilium/training';
import { openTensorFile } from '../preprocessing/tensor-file.js';
import { type FromInput, type InputJob, ONE_MORE } from './input-messages.js';

/** Reads and augments batches in their order, one for each request, while the trainer computes. */
const { plan, examples, seed } = workerData as InputJob;
const source = openTensorFile(examples);
const batches = trainingBatches(plan, source, seed);

parentPort!.on('message', (message) => {
  if (message === ONE_MORE) answer();
});

function answer(): void {
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
  source.close();
  parentPort!.postMessage(message);
  parentPort!.close();
}
