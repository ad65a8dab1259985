import { ConsiliumError, errorCode } from '@consilium/errors';
import { isAtWork } from '@consilium/rounds';
import { type Manifest, manifestDigest, requireManifestFits } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import type { ChunkWriter } from '../chunks/chunk-writer.js';
import { type MissingPart, UploadArea, type UploadKey } from '../chunks/upload-area.js';
import { ModelRegistry } from '../models/model-registry.js';
import { PlanRegister } from '../plans/plan-register.js';
import { Database } from '../platform/database.js';

export interface Piece {
  readonly digest: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A piece of a site's upload, with where it belongs. */
export interface UploadPiece extends Piece {
  readonly runId: string;
  readonly round: number;
}

const PIECE_BYTES = 512 * 1024;

/** Chunks on their way down to a site and up from it. */
@Injectable()
export class TransferService {
  constructor(
    private readonly database: Database,
    private readonly plans: PlanRegister,
    private readonly registry: ModelRegistry,
    private readonly uploads: UploadArea,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /**
   * The wanted chunks of a model, from their offsets, in pieces. The next piece is read when the last one has been taken.
   *
   * Errors   CHUNK_NOT_AVAILABLE for everything that no assignment named to this site, whether it exists or not; REQUEST_INVALID for a
   *          chunk that is wanted twice.
   */
  async *fetch(siteId: string, modelDigest: string, ranges: readonly MissingPart[]): AsyncGenerator<Piece> {
    if (!(await this.isAssigned(siteId, modelDigest))) throw new ConsiliumError('CHUNK_NOT_AVAILABLE', { modelDigest });
    const { manifest } = await this.registry.model(modelDigest);
    // A short question must not be answered with more than the model.
    if (new Set(ranges.map(({ digest }) => digest)).size < ranges.length)
      throw new ConsiliumError('REQUEST_INVALID', { reason: 'a chunk is wanted twice', ranges: ranges.length });
    const known = new Set(manifest.chunkDigests);
    if (!ranges.every((range) => known.has(range.digest)))
      throw new ConsiliumError('CHUNK_NOT_AVAILABLE', { modelDigest });
    for (const { digest, offset } of ranges) {
      const bytes = await this.store.read(digest, offset);
      for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES)
        yield { digest, offset: offset + at, data: bytes.subarray(at, at + PIECE_BYTES) };
    }
  }

  /**
   * Books what a site will upload and answers what of it is missing, counted against this site's own upload of this round.
   *
   * Errors   SITE_NOT_IN_COHORT, UPDATE_LATE, UPDATE_LAYOUT_MISMATCH, MANIFEST_INVALID.
   */
  async offer(key: UploadKey, manifest: Manifest): Promise<MissingPart[]> {
    const plan = await this.requireAwaited(key);
    requireManifestFits(manifest, plan.layout);
    const row = { manifestDigest: manifestDigest(manifest), manifest: JSON.parse(JSON.stringify(manifest)) };
    await this.database.client.upload.upsert({
      where: { runId_round_siteId: key },
      create: { ...key, ...row },
      update: row,
    });
    return this.uploads.missing(key, manifest);
  }

  /**
   * Takes the pieces of an upload that was offered; those of a chunk follow one another, and none is empty: a stream ends with its
   * chunks. What has arrived stays when the stream breaks. Answers the number of bytes taken.
   *
   * Errors   REQUEST_INVALID for a stream of any other kind; UPDATE_INCOMPLETE without an offer or at a wrong offset, CHUNK_NOT_AVAILABLE for a chunk that was not offered,
   *          CHUNK_CORRUPT, UPLOAD_QUOTA_EXCEEDED, SITE_NOT_IN_COHORT, UPDATE_LATE, DISK_FULL.
   */
  async put(siteId: string, pieces: AsyncIterable<UploadPiece>): Promise<number> {
    let at: UploadKey | undefined;
    let chunk: { readonly digest: string; readonly writer: ChunkWriter } | undefined;
    const begun = new Set<string>();
    let bytes = 0;
    try {
      for await (const { runId, round, digest, offset, data } of pieces) {
        at ??= { runId, round, siteId };
        if (at.runId !== runId || at.round !== round)
          throw new ConsiliumError('REQUEST_INVALID', { reason: 'one stream is of one round' });
        if (data.byteLength === 0) throw new ConsiliumError('REQUEST_INVALID', { reason: 'an empty piece' });
        if (chunk?.digest !== digest) {
          if (begun.has(digest)) throw new ConsiliumError('REQUEST_INVALID', { reason: 'a chunk comes in one go' });
          begun.add(digest);
          await chunk?.writer.finish();
          // For each chunk anew: another call of the site may have replaced what it offered.
          chunk = { digest, writer: await this.uploads.writer(at, await this.offered(at), digest, offset) };
          // Only now: a round that ends from here on finds the writer and drops its file; one that ended before does not.
          await this.requireAwaited(at);
        }
        await chunk.writer.append(offset, data);
        bytes += data.byteLength;
      }
    } catch (error) {
      // How the file is closed says nothing new, and must not hide why.
      await chunk?.writer.abandon();
      if (at && errorCode(error) === 'UPDATE_LATE') await this.uploads.drop(at);
      throw error;
    }
    await chunk?.writer.finish();
    return bytes;
  }

  private async offered(key: UploadKey): Promise<Manifest> {
    await this.requireAwaited(key);
    const row = await this.database.client.upload.findUnique({ where: { runId_round_siteId: key } });
    if (row === null) throw new ConsiliumError('UPDATE_INCOMPLETE', { reason: 'no offer' });
    return row.manifest as unknown as Manifest;
  }

  private async requireAwaited(key: UploadKey) {
    const row = await this.database.client.participation.findUnique({
      where: { runId_round_siteId: key },
      include: { roundOfRun: { include: { run: { select: { planHash: true, state: true } } } } },
    });
    if (row === null) throw new ConsiliumError('SITE_NOT_IN_COHORT', { siteId: key.siteId });
    if (!isAtWork(row.state) || row.roundOfRun.state !== 'training' || row.roundOfRun.run.state !== 'running')
      throw new ConsiliumError('UPDATE_LATE', { round: key.round });
    return this.plans.plan(row.roundOfRun.run.planHash);
  }

  /** Models of a run that the site has left are not its any more. */
  private async isAssigned(siteId: string, modelDigest: string): Promise<boolean> {
    const run = { participants: { none: { siteId, state: 'left' as const } } };
    const [training, evaluation] = await Promise.all([
      this.database.client.participation.findFirst({
        where: { siteId, baseModelDigest: modelDigest, roundOfRun: { run } },
        select: { siteId: true },
      }),
      this.database.client.evaluation.findFirst({ where: { siteId, modelDigest, run }, select: { id: true } }),
    ]);
    return training !== null || evaluation !== null;
  }
}
