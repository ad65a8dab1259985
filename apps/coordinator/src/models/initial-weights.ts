import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ModelPorts, ModelSpec } from '@consilium/models';
import { payloadBytes } from '@consilium/tensors';

export interface InitialWeightsJob {
  readonly spec: ModelSpec;
  readonly ports: ModelPorts;
  readonly seed: Uint8Array;
}

/**
 * The chunks of a model's initial weights, made in a thread of their own: a large model takes seconds, in which this process
 * answers as ever. One chunk is made while the last one is used, so memory does not grow with the model.
 *
 * Errors   what ended the thread.
 */
export async function* initialWeights(job: InitialWeightsJob): AsyncGenerator<Uint8Array, void, undefined> {
  const thread = await startThread(job);
  const next = async () => {
    thread.postMessage(null);
    const [chunk] = (await once(thread, 'message')) as [Float32Array | null];
    return chunk;
  };
  try {
    let coming = next();
    for (;;) {
      const chunk = await coming;
      if (chunk === null) return;
      coming = next();
      // Whoever uses the chunk may fail first; then nobody waits for this one.
      coming.catch(() => undefined);
      yield payloadBytes(chunk);
    }
  } finally {
    await thread.terminate();
  }
}

/** Unbuilt, in tests, a thread needs the flags that let Node run TypeScript; built, it takes those of its process. */
async function startThread(workerData: InitialWeightsJob): Promise<Worker> {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./initial-weights-thread.js', import.meta.url), { workerData });
  const { SOURCE_FLAGS } = await import('../testing/source-flags.fixture.js');
  return new Worker(new URL('./initial-weights-thread.ts', import.meta.url), {
    workerData,
    execArgv: [...SOURCE_FLAGS],
  });
}
