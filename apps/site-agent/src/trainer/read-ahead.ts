import { Worker } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import type { TrainingBatch } from '@consilium/training';
import { type FromInput, type InputJob, ONE_MORE } from './input-messages.js';

/** Batches under way or waiting: the next one is there when a step ends, and memory stays bounded. */
const AHEAD = 2;

/**
 * A round's batches, read and augmented in a thread of their own, `AHEAD` of them ahead of whoever iterates. Leaving the
 * loop, in whatever way, ends the thread.
 *
 * Errors   DATASET_CORRUPT, DATASET_UNSUITABLE; what ended the thread.
 */
export async function* readAhead(
  job: InputJob,
  execArgv: readonly string[] = process.execArgv,
): AsyncGenerator<TrainingBatch, void, undefined> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'; // unbuilt in tests
  const entry = new URL(`./input-thread${extension}`, import.meta.url);
  const thread = new Worker(entry, { workerData: job, execArgv: [...execArgv] });
  const arrived: FromInput[] = [];
  let failure: unknown;
  let wake = () => {};
  thread.on('message', (message: FromInput) => {
    arrived.push(message);
    wake();
  });
  thread.on('error', (error) => {
    failure = error;
    wake();
  });
  try {
    for (let i = 0; i < AHEAD; i++) thread.postMessage(ONE_MORE);
    for (;;) {
      while (arrived.length === 0 && failure === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const message = arrived.shift();
      if (message === undefined) throw failure;
      if (message.kind === 'failed') throw new ConsiliumError(message.code, message.detail);
      if (message.kind === 'end') return;
      thread.postMessage(ONE_MORE);
      yield message.batch;
    }
  } finally {
    await thread.terminate();
  }
}
