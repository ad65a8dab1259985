import { DeltaNorm } from '@consilium/aggregation';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { advanceParticipation, isAtWork } from '@consilium/rounds';
import {
  areFinite,
  BYTES_PER_VALUE,
  CHUNK_BYTES,
  chunkLength,
  holdsVariances,
  type Manifest,
  manifestDigest,
  payloadValues,
  requireManifestFits,
  requireVariances,
  sha256Hex,
  varianceRanges,
} from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { UploadArea, type UploadKey } from '../chunks/upload-area.js';
import type { SiteUpdate as UpdateRow } from '../generated/prisma/client.js';
import { ModelRegistry } from '../models/model-registry.js';
import type { StoredPlan } from '../plans/plan-register.js';
import { canonicalText } from '../platform/canonical-text.js';
import { Database, type Transaction } from '../platform/database.js';
import { asUninvited } from '../runs/invitation.service.js';
import { type LoadedRun, type ParticipationRow, RunRepository } from '../runs/run.repository.js';
import { RunDriver } from './run-driver.js';

/** An update as a site submits it; its chunks have been uploaded before. */
export interface SubmittedUpdate extends UploadKey {
  readonly updateId: string;
  readonly manifest: Manifest;
  readonly exampleCount: bigint;
  readonly localSteps: bigint;
  readonly baseModelDigest: string;
  readonly baseRound: number;
  readonly trainingLoss: number;
}

/** Proof for a site that its message is booked. */
export interface Receipt {
  readonly id: string;
  readonly auditIndex: bigint;
  readonly auditLeafHash: Uint8Array;
}

/** After these the site's part in the round is over: the same update would be refused again. */
const REFUSALS: readonly ErrorCode[] = [
  'UPDATE_LAYOUT_MISMATCH',
  'UPDATE_NOT_FINITE',
  'UPDATE_BASE_MISMATCH',
  'UPDATE_COUNT_MISMATCH',
  'UPDATE_TOO_LARGE',
  'MODEL_VARIANCE_INVALID',
];

@Injectable()
export class UpdateService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly uploads: UploadArea,
    private readonly audit: AuditLog,
    private readonly driver: RunDriver,
    private readonly registry: ModelRegistry,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /**
   * Checks an update, stores its chunks and books it. The receipt is given only when all of it is on disk; the same update
   * again gets the same receipt.
   *
   * Errors   SITE_NOT_IN_COHORT, UPDATE_LATE, UPDATE_INCOMPLETE, UPDATE_CONFLICT for another update than the one in force,
   *          REQUEST_INVALID for a wrong id. Those of REFUSALS end the site's part in the round.
   */
  async submit(update: SubmittedUpdate): Promise<Receipt> {
    const booked = await this.booked(update);
    if (booked !== null) return receiptOf(booked, update);
    requireRightId(update);
    try {
      const loaded = await this.runs.read(update.runId).catch(asUninvited);
      requireFitting(update, loaded, requireAwaited(update, loaded));
      const deltaNorm = await this.measure(update, loaded.plan);
      const receipt = await this.store.keeping(async () => {
        for (const digest of new Set(update.manifest.chunkDigests))
          await this.store.adopt(digest, this.uploads.fileOf(update, digest));
        return this.database.transaction((transaction) => this.book(transaction, update, deltaNorm));
      });
      this.driver.wake(update.runId);
      return receipt;
    } catch (error) {
      if (error instanceof ConsiliumError && REFUSALS.includes(error.code)) await this.refuse(update, error.code);
      throw error;
    }
  }

  private async booked(key: UploadKey): Promise<UpdateRow | null> {
    return this.database.client.siteUpdate.findUnique({ where: { runId_round_siteId: keyOf(key) } });
  }

  /**
   * The L2 norm of what the delta can move, from its chunks one at a time. A model whose running variances the delta would make
   * negative could not be evaluated at any site.
   *
   * Errors   UPDATE_INCOMPLETE, UPDATE_LAYOUT_MISMATCH, UPDATE_NOT_FINITE, UPDATE_TOO_LARGE, MODEL_VARIANCE_INVALID.
   */
  private async measure(update: SubmittedUpdate, { layout, plan }: StoredPlan): Promise<number> {
    const { maximumDeltaNorm = Number.POSITIVE_INFINITY } = plan.protection;
    const delta = new DeltaNorm(layout);
    const variances = varianceRanges(layout);
    const { manifest: base } = await this.registry.model(update.baseModelDigest);
    for (const [index, digest] of update.manifest.chunkDigests.entries()) {
      const chunk = await this.uploads.read(update, digest);
      // A manifest that names one chunk twice may name it where a chunk of another length belongs.
      if (chunk.byteLength !== chunkLength(update.manifest.bytes, index))
        throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { siteId: update.siteId, chunk: index });
      const values = payloadValues(chunk);
      if (!areFinite(values)) throw new ConsiliumError('UPDATE_NOT_FINITE', { siteId: update.siteId, chunk: index });
      delta.add(index, values);
      const start = (index * CHUNK_BYTES) / BYTES_PER_VALUE;
      if (!holdsVariances(variances, start, start + values.length)) continue;
      const before = payloadValues(await this.store.read(base.chunkDigests[index]!));
      const after = before.map((value, i) => value + values[i]!);
      requireVariances(variances, after, start);
    }
    const { norm } = delta;
    if (norm > maximumDeltaNorm) throw new ConsiliumError('UPDATE_TOO_LARGE', { siteId: update.siteId, norm });
    return norm;
  }

  private async book(transaction: Transaction, update: SubmittedUpdate, deltaNorm: number): Promise<Receipt> {
    const loaded = await this.runs.lock(transaction, update.runId);
    const other = await transaction.siteUpdate.findUnique({ where: { runId_round_siteId: keyOf(update) } });
    if (other !== null) return receiptOf(other, update);
    const participation = requireAwaited(update, loaded);
    const { runId, round, siteId, updateId, exampleCount, localSteps, baseModelDigest, trainingLoss } = update;
    const digest = manifestDigest(update.manifest);
    await transaction.participation.update({
      where: { runId_round_siteId: keyOf(update) },
      data: { state: advanceParticipation(participation.state, 'submit'), updatedAt: loaded.now },
    });
    const [place] = await this.audit.append(transaction, [
      {
        type: 'update.received',
        actor: { kind: 'site', id: siteId },
        subject: subject('update', updateId),
        ...{ runId, round },
        payload: { site: siteId, manifestDigest: digest, exampleCount: Number(exampleCount), baseModelDigest },
      },
    ]);
    const row = await transaction.siteUpdate.create({
      data: {
        ...{ runId, round, siteId, updateId, exampleCount, localSteps, baseModelDigest, trainingLoss, deltaNorm },
        manifestDigest: digest,
        manifest: JSON.parse(JSON.stringify(update.manifest)),
        auditSeq: place!.seq,
        auditLeafHash: place!.leafHash,
      },
    });
    return receiptOf(row, update);
  }

  private async refuse(update: SubmittedUpdate, code: ErrorCode): Promise<void> {
    const { runId, round, siteId, updateId } = update;
    await this.database.transaction(async (transaction) => {
      const loaded = await this.runs.lock(transaction, runId);
      const participation = loaded.participations.find((p) => p.siteId === siteId && p.round === round);
      // Another update may have been booked, or the round closed, while this one was looked at.
      if (participation === undefined || !isAtWork(participation.state)) return;
      await transaction.participation.update({
        where: { runId_round_siteId: keyOf(update) },
        data: { state: advanceParticipation(participation.state, 'refuse'), refusalCode: code, updatedAt: loaded.now },
      });
      await this.audit.append(transaction, [
        {
          ...{ type: 'update.refused' as const, subject: subject('update', updateId), runId, round },
          payload: { site: siteId, code },
        },
      ]);
    });
    await this.uploads.drop(update);
    this.driver.wake(runId);
  }
}

/** The site's place in the round, if the round still waits for it. Errors  SITE_NOT_IN_COHORT, UPDATE_LATE. */
function requireAwaited({ round, siteId }: UploadKey, loaded: LoadedRun): ParticipationRow {
  if (!loaded.participants.some((p) => p.siteId === siteId)) throw new ConsiliumError('SITE_NOT_IN_COHORT', { siteId });
  if (loaded.latest?.number !== round) throw new ConsiliumError('UPDATE_LATE', { round });
  const participation = loaded.participations.find((p) => p.siteId === siteId);
  if (participation === undefined) throw new ConsiliumError('SITE_NOT_IN_COHORT', { siteId });
  if (loaded.latest.state !== 'training' || loaded.run.state !== 'running' || !isAtWork(participation.state))
    throw new ConsiliumError('UPDATE_LATE', { round });
  return participation;
}

/** Errors  UPDATE_LAYOUT_MISMATCH, UPDATE_BASE_MISMATCH, UPDATE_COUNT_MISMATCH. */
function requireFitting(update: SubmittedUpdate, loaded: LoadedRun, participation: ParticipationRow): void {
  const { siteId, manifest, baseModelDigest, baseRound, exampleCount } = update;
  try {
    requireManifestFits(manifest, loaded.plan.layout);
  } catch (error) {
    throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { siteId }, error);
  }
  if (baseModelDigest !== participation.baseModelDigest || baseRound !== participation.baseRound)
    throw new ConsiliumError('UPDATE_BASE_MISMATCH', { siteId });
  const accepted = loaded.participants.find((p) => p.siteId === siteId)?.exampleCount;
  if (accepted !== exampleCount) throw new ConsiliumError('UPDATE_COUNT_MISMATCH', { siteId });
}

function requireRightId({ runId, round, siteId, manifest, updateId }: SubmittedUpdate): void {
  const expected = sha256Hex(canonicalText({ runId, round, siteId, manifestDigest: manifestDigest(manifest) }));
  if (updateId !== expected) throw new ConsiliumError('REQUEST_INVALID', { field: 'updateId' });
}

function receiptOf(row: UpdateRow, { siteId, updateId }: SubmittedUpdate): Receipt {
  if (row.updateId !== updateId) throw new ConsiliumError('UPDATE_CONFLICT', { siteId });
  return { id: row.updateId, auditIndex: row.auditSeq, auditLeafHash: row.auditLeafHash };
}

function keyOf({ runId, round, siteId }: UploadKey): UploadKey {
  return { runId, round, siteId };
}
