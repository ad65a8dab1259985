import { ConsiliumError } from '@consilium/errors';
import type { CallOptions } from '@consilium/grpc';
import type { Manifest } from '@consilium/tensors';
import type { CoordinatorClient } from '../connection/coordinator-link.js';
import { digestBytes, digestHex } from '../connection/wire.js';
import type { Work } from './work-context.js';

/** A chunk that arrives wrong is asked for again, but not for ever. */
const CORRUPT_TRIES = 3;

/**
 * Brings all chunks of a model into the weight store; chunks and parts of chunks that are there already are not fetched.
 *
 * Errors   CHUNK_CORRUPT, DISK_FULL, what the coordinator answers, STOPPED.
 */
export async function fetchModel(
  work: Pick<Work, 'link' | 'weights' | 'progress' | 'reach'>,
  model: { readonly digest: string; readonly manifest: Manifest },
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work.link.call((client, options) => fetchMissing(work, model, client, options), signal);
      return;
    } catch (error) {
      const isCorrupt = error instanceof ConsiliumError && error.code === 'CHUNK_CORRUPT';
      if (!isCorrupt || attempt === CORRUPT_TRIES) throw error;
    }
  }
}

async function fetchMissing(
  { weights, progress, reach }: Pick<Work, 'weights' | 'progress' | 'reach'>,
  model: { readonly digest: string; readonly manifest: Manifest },
  client: CoordinatorClient,
  options: CallOptions,
): Promise<void> {
  const missing = await weights.missing(model.manifest);
  if (missing.length === 0) return;
  const wanted = new Map(missing.map((chunk) => [chunk.digest, chunk]));
  const bytesTotal = model.manifest.bytes;
  let bytesDone = bytesTotal - missing.reduce((sum, chunk) => sum + chunk.bytes - chunk.offset, 0);
  progress.report({ stage: 'fetching', bytesDone, bytesTotal });
  const ranges = missing.map(({ digest, offset }) => ({ digest: digestBytes(digest), offset: BigInt(offset) }));
  const request = { modelDigest: digestBytes(model.digest), ranges };
  for await (const { piece } of client.fetchChunks(request, options)) {
    const chunk = piece && wanted.get(digestHex(piece.digest));
    if (!piece || !chunk) throw new ConsiliumError('CHUNK_CORRUPT', { problem: 'a piece that was not asked for' });
    await weights.append(chunk.digest, Number(piece.offset), piece.data, chunk.bytes);
    bytesDone += piece.data.length;
    progress.report({ stage: 'fetching', bytesDone, bytesTotal });
    reach('fetching');
  }
  // The stream may end early without an error when the coordinator is replaced under way.
  if (!(await weights.hasAll(model.manifest))) throw new ConsiliumError('ANSWER_LOST', { problem: 'chunks missing' });
}
