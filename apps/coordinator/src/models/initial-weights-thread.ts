import { parentPort, workerData } from 'node:worker_threads';
import { buildModel } from '@consilium/models';
import { CHUNK_BYTES } from '@consilium/tensors';
import type { InitialWeightsJob } from './initial-weights.js';

/** Makes the initial weights of one model: a chunk for each message, and null after the last. */
const { spec, ports, seed } = workerData as InitialWeightsJob;
const chunks = buildModel(spec, ports).initialChunks(seed, CHUNK_BYTES / Float32Array.BYTES_PER_ELEMENT);

parentPort!.on('message', () => {
  const { value } = chunks.next();
  if (value === undefined) parentPort!.postMessage(null);
  else parentPort!.postMessage(value, [value.buffer]);
});
