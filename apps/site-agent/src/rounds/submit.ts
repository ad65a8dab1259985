import type { MessageInitShape } from '@bufbuild/protobuf';
import { ConsiliumError, type ErrorCode, errorCode } from '@consilium/errors';
import type { CallOptions } from '@consilium/grpc';
import type { ChunkRange, OfferManifestRequestSchema, PutChunksRequestSchema } from '@consilium/proto';
import { chunkLength } from '@consilium/tensors';
import type { CoordinatorClient } from '../connection/coordinator-link.js';
import { digestBytes, digestHex, manifestToWire, receiptFromWire } from '../connection/wire.js';
import type { Assignment, ProtectedUpdate, Receipt } from '../stages.js';
import { requireStillIn } from './withdrawal.js';
import type { Work } from './work-context.js';

const PIECE_BYTES = 256 * 1024;
/** How often everything that the coordinator misses is sent, should it still miss some or have got it wrong. */
const TRANSFER_TRIES = 3;
const WORTH_ANOTHER_TRANSFER: ReadonlySet<ErrorCode> = new Set(['UPDATE_INCOMPLETE', 'CHUNK_CORRUPT']);

/**
 * The update of this round that the outbox holds, if it was made from the same model and its chunks are whole. A crash
 * after the booking then costs no training.
 */
export function recallWith(work: Pick<Work, 'state' | 'weights' | 'logger'>) {
  return async (a: Assignment): Promise<ProtectedUpdate | undefined> => {
    const booked = work.state.outbox.find(a.runId, a.round);
    if (booked?.baseModelDigest !== a.modelDigest) return undefined;
    if (!(await work.weights.hasAll(booked.manifest))) return undefined;
    work.logger.info({ runId: a.runId, round: a.round, updateId: booked.updateId }, 'update is in the outbox already');
    return booked as ProtectedUpdate;
  };
}

/**
 * Offers the update, sends what the coordinator misses of it, from the byte at which an earlier try ended, and submits it.
 * The whole sequence may be repeated at any point: it ends in the same receipt.
 *
 * Errors   what the coordinator answers: UPDATE_LATE, UPDATE_CONFLICT, UPLOAD_QUOTA_EXCEEDED, ...; CHUNK_CORRUPT, STOPPED.
 */
export function submitWith(work: Work) {
  return async (update: ProtectedUpdate, signal: AbortSignal): Promise<Receipt> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const receipt = await work.link.call((client, options) => sendAll(work, update, client, options), signal);
        work.state.outbox.keepReceipt('update', update.runId, receipt);
        return receipt;
      } catch (error) {
        if (!WORTH_ANOTHER_TRANSFER.has(errorCode(error)) || attempt === TRANSFER_TRIES) throw error;
      }
    }
  };
}

async function sendAll(
  work: Work,
  update: ProtectedUpdate,
  client: CoordinatorClient,
  options: CallOptions,
): Promise<Receipt> {
  const { runId, round } = update;
  const manifest = manifestToWire(update.manifest);
  requireStillIn(work.state, runId);
  work.progress.report({ stage: 'sending', bytesDone: 0, bytesTotal: update.manifest.bytes });
  const missing = await offer(client, { runId, round, manifest }, options);
  if (missing.length > 0) await client.putChunks(pieces(work, update, missing), options);
  else work.reach('sending');
  requireStillIn(work.state, runId);
  const answer = await client.submitUpdate(
    {
      updateId: update.updateId,
      runId,
      round,
      manifest,
      exampleCount: BigInt(update.exampleCount),
      localSteps: BigInt(update.localSteps),
      baseModelDigest: digestBytes(update.baseModelDigest),
      baseRound: update.baseRound,
      trainingLoss: update.trainingLoss,
      deltaNorm: update.deltaNorm,
    },
    options,
  );
  return receiptFromWire(answer.receipt);
}

/** What the coordinator misses: nothing if it takes no more chunks, for then it may have this very update, and its receipt. */
async function offer(
  client: CoordinatorClient,
  request: MessageInitShape<typeof OfferManifestRequestSchema>,
  options: CallOptions,
): Promise<ChunkRange[]> {
  try {
    return (await client.offerManifest(request, options)).missing;
  } catch (error) {
    if (errorCode(error) === 'UPDATE_LATE') return [];
    throw error;
  }
}

async function* pieces(
  work: Work,
  update: ProtectedUpdate,
  missing: readonly ChunkRange[],
): AsyncGenerator<MessageInitShape<typeof PutChunksRequestSchema>> {
  const { runId, round, manifest } = update;
  const lengths = new Map(manifest.chunkDigests.map((digest, i) => [digest, chunkLength(manifest.bytes, i)]));
  const bytesMissing = missing.reduce(
    (sum, { digest, offset }) => sum + (lengths.get(digestHex(digest)) ?? 0) - Number(offset),
    0,
  );
  let bytesDone = manifest.bytes - bytesMissing;
  for (const [i, range] of missing.entries()) {
    const digest = digestHex(range.digest);
    if (!lengths.has(digest)) throw new ConsiliumError('CHUNK_NOT_AVAILABLE', { problem: 'no chunk of this update' });
    const chunk = await work.weights.readChunk(digest);
    for (let offset = Number(range.offset); offset < chunk.length; offset += PIECE_BYTES) {
      const data = chunk.subarray(offset, offset + PIECE_BYTES);
      const isLast = i === missing.length - 1 && offset + data.length === chunk.length;
      if (isLast) work.reach('sending');
      yield { runId, round, piece: { digest: range.digest, offset: BigInt(offset), data } };
      bytesDone += data.length;
      work.progress.report({ stage: 'sending', bytesDone, bytesTotal: manifest.bytes });
    }
  }
}
