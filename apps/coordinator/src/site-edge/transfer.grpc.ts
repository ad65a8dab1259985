import { ConsiliumError } from '@consilium/errors';
import type { ServerCall, ServiceHandlers } from '@consilium/grpc';
import type { CoordinatorService, PutChunksRequest } from '@consilium/proto';
import { Injectable } from '@nestjs/common';
import { TransferService, type UploadPiece } from '../rounds/transfer.service.js';
import { Caller } from './caller.js';
import { onCoordinatorsDisk } from './disk-full.js';
import * as wire from './wire.js';

type Handlers = ServiceHandlers<typeof CoordinatorService>;

/** Chunks on their way down to a site and up from it. */
@Injectable()
export class TransferEdge implements Pick<Handlers, 'fetchChunks' | 'offerManifest' | 'putChunks'> {
  constructor(
    private readonly caller: Caller,
    private readonly transfers: TransferService,
  ) {}

  fetchChunks: Handlers['fetchChunks'] = ({ modelDigest, ranges }, call) => this.fetched(modelDigest, ranges, call);

  offerManifest: Handlers['offerManifest'] = async ({ runId, round, manifest }, call) => {
    const siteId = await this.caller.current(call);
    const key = { runId: wire.runIdOf(runId), round: wire.integerOf(round), siteId };
    const missing = await this.transfers.offer(key, wire.manifestFromWire(manifest));
    return { missing: missing.map(({ digest, offset }) => ({ digest: wire.bytesOf(digest), offset: BigInt(offset) })) };
  };

  putChunks: Handlers['putChunks'] = async (requests, call) => {
    const siteId = await this.caller.current(call);
    const bytes = await onCoordinatorsDisk(this.transfers.put(siteId, uploadPieces(requests)));
    return { bytesReceived: BigInt(bytes) };
  };

  private async *fetched(
    modelDigest: Uint8Array,
    ranges: readonly { digest: Uint8Array; offset: bigint }[],
    call: ServerCall,
  ) {
    const siteId = await this.caller.current(call);
    const wanted = ranges.map(({ digest, offset }) => ({ digest: wire.hexOf(digest), offset: wire.countOf(offset) }));
    for await (const { digest, offset, data } of this.transfers.fetch(siteId, wire.hexOf(modelDigest), wanted))
      yield { piece: { digest: wire.bytesOf(digest), offset: BigInt(offset), data: data as Uint8Array<ArrayBuffer> } };
  }
}

async function* uploadPieces(requests: AsyncIterable<PutChunksRequest>): AsyncGenerator<UploadPiece> {
  for await (const { runId, round, piece } of requests) {
    if (piece === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'piece' });
    const { digest, offset, data } = piece;
    const place = { runId: wire.runIdOf(runId), round: wire.integerOf(round) };
    yield { ...place, digest: wire.hexOf(digest), offset: wire.countOf(offset), data };
  }
}
