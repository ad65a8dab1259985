import { ConsiliumError } from '@consilium/errors';
import { type Layout, type Manifest, manifestDigest } from '@consilium/tensors';
import { Injectable } from '@nestjs/common';
import type { ModelOrigin } from '../generated/prisma/client.js';
import { Database, type Transaction } from '../platform/database.js';

/** Who made a model, and when. */
export interface Provenance {
  readonly runId: string;
  /** 0 for the initial model. */
  readonly round: number;
  /** Null for a model of all sites. */
  readonly siteId: string | null;
  readonly origin: ModelOrigin;
}

export interface StoredModel {
  readonly digest: string;
  readonly manifest: Manifest;
}

/** A model version of a run. */
export interface VersionRow {
  readonly round: number;
  readonly siteId: string | null;
  readonly origin: ModelOrigin;
  readonly digest: string;
}

/** Models by digest, and their versions by run, round and site. The weights are chunks in the chunk store. */
@Injectable()
export class ModelRegistry {
  /** Manifests never change; those of the models at work are read again and again. */
  private readonly known = new Map<string, StoredModel>();

  constructor(private readonly database: Database) {}

  /** Stores a model and who made it. Every chunk must be in the chunk store already. Answers its digest. */
  async store(transaction: Transaction, manifest: Manifest, layout: Layout, provenance: Provenance): Promise<string> {
    const digest = manifestDigest(manifest);
    const { layoutDigest, bytes, chunkDigests } = manifest;
    await transaction.layout.createMany({
      data: [{ digest: layoutDigest, entries: JSON.parse(JSON.stringify(layout)) }],
      skipDuplicates: true,
    });
    await transaction.model.createMany({
      data: [{ digest, layoutDigest, bytes: BigInt(bytes), chunkDigests: [...chunkDigests] }],
      skipDuplicates: true,
    });
    await transaction.modelVersion.create({ data: { ...provenance, siteId: provenance.siteId ?? '', digest } });
    return digest;
  }

  /** Errors  MODEL_NOT_FOUND. */
  async model(digest: string): Promise<StoredModel> {
    const known = this.known.get(digest);
    if (known !== undefined) return known;
    const row = await this.database.client.model.findUnique({ where: { digest } });
    if (row === null) throw new ConsiliumError('MODEL_NOT_FOUND', { digest });
    const { layoutDigest, bytes, chunkDigests } = row;
    const model = { digest, manifest: { layoutDigest, bytes: Number(bytes), chunkDigests } };
    if (this.known.size >= KNOWN_MODELS) this.known.clear();
    this.known.set(digest, model);
    return model;
  }

  /**
   * The model that each of `sites` goes on from under a per-site strategy: the last one of a closed round. A site without one
   * is not in the answer; it begins with the run's initial model.
   */
  async lastOfSites(transaction: Transaction, runId: string, closedRounds: readonly number[]): Promise<VersionRow[]> {
    const rows = await transaction.modelVersion.findMany({
      where: { runId, origin: 'local', round: { in: [...closedRounds] } },
      orderBy: { round: 'desc' },
      distinct: ['siteId'],
    });
    return rows.map(versionRow);
  }
}

const KNOWN_MODELS = 1000;

export function versionRow(row: { round: number; siteId: string; origin: ModelOrigin; digest: string }): VersionRow {
  return { round: row.round, siteId: row.siteId === '' ? null : row.siteId, origin: row.origin, digest: row.digest };
}
