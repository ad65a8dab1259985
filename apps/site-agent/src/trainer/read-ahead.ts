import { Worker } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import type { TrainingBatch } from '@consilium/training';
import { type FromInput, type InputJob, ONE_MORE } from './input-messages.js';

/** Batches under way or waiting: the next one is there when a step ends, and memory stays bounded. */
const AHEAD = 2;

/** A thread whose job came to its end, for the next one: to start one takes longer than a small round. */
let idle: Worker | undefined;

/**
 * A round's batches, read and augmented in a thread of their own, `AHEAD` of them ahead of whoever iterates. Leaving the
 * loop before its end ends the thread.
 *
 * Errors   DATASET_CORRUPT, DATASET_UNSUITABLE; what ended the thread.
 */
export async function* readAhead(
  job: InputJob,
  execArgv: readonly string[] = process.execArgv,
): AsyncGenerator<TrainingBatch, void, undefined> {
  const thread = idle ?? startThread(execArgv);
  idle = undefined;
  thread.ref();
  const arrived: FromInput[] = [];
  let failure: unknown;
  let isAtEnd = false;
  let wake = () => {};
  const onMessage = (message: FromInput) => {
    arrived.push(message);
    wake();
  };
  const onError = (error: unknown) => {
    failure ??= error; // what ended the thread comes before its end
    wake();
  };
  const onExit = (code: number) => onError(new Error(`the input thread ended with ${code}`));
  thread.on('message', onMessage).on('error', onError).on('exit', onExit);
  try {
    const { plan, examples, seed } = job;
    thread.postMessage({ plan, examples, seed } satisfies InputJob);
    for (let i = 0; i < AHEAD; i++) thread.postMessage(ONE_MORE);
    for (;;) {
      while (arrived.length === 0 && failure === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const message = arrived.shift();
      if (message === undefined) throw failure;
      if (message.kind === 'failed') throw new ConsiliumError(message.code, message.detail);
      isAtEnd = message.kind === 'end';
      if (message.kind === 'end') return;
      thread.postMessage(ONE_MORE);
      yield message.batch;
    }
  } finally {
    thread.off('message', onMessage).off('exit', onExit);
    if (isAtEnd) {
      thread.off('error', onError);
      thread.unref();
      idle = thread;
    } else await thread.terminate();
  }
}

function startThread(execArgv: readonly string[]): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'; // unbuilt in tests
  return new Worker(new URL(`./input-thread${extension}`, import.meta.url), { execArgv: [...execArgv] });
}
