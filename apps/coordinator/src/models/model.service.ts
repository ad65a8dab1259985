import { ConsiliumError } from '@consilium/errors';
import { exportSafetensors, type Layout, layoutLength } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import type { Layout as LayoutRow, Model as ModelRow, ModelVersion as VersionRow } from '../generated/prisma/client.js';
import { Database } from '../platform/database.js';
import { PERSON } from '../platform/person.js';

export interface ModelView {
  readonly digest: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly layoutDigest: string;
  readonly versions: readonly ModelVersionView[];
}

export interface ModelVersionView {
  readonly runId: string;
  readonly planName: string;
  readonly planHash: string;
  readonly round: number;
  /** Null for a model of all sites. */
  readonly site: string | null;
  readonly origin: string;
  readonly createdAt: Date;
}

type FullModel = ModelRow & {
  layout: LayoutRow;
  versions: (VersionRow & {
    run: { planHash: string; plan: { name: string }; rounds: { number: number; state: string }[] };
  })[];
};

const INCLUDE = {
  layout: true,
  versions: {
    include: {
      run: { include: { plan: { select: { name: true } }, rounds: { select: { number: true, state: true } } } },
    },
    orderBy: { createdAt: 'asc' },
  },
} as const;

/** The registry as persons see it: initial models, and those of closed rounds. */
@Injectable()
export class ModelService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  async list(): Promise<ModelView[]> {
    const rows = await this.database.client.model.findMany({ include: INCLUDE });
    const views = rows.map(modelView).filter((view) => view.versions.length > 0);
    return views.sort((a, b) => newest(b) - newest(a) || (a.digest < b.digest ? -1 : 1));
  }

  /** Errors  MODEL_NOT_FOUND. */
  async find(digest: string): Promise<ModelView & { readonly layout: Layout }> {
    const row = await this.registered(digest);
    return { ...modelView(row), layout: layoutOf(row) };
  }

  /** The model as a safetensors file. Whoever takes it away is in the audit log. Errors  MODEL_NOT_FOUND. */
  async export(digest: string): Promise<{ name: string; pieces: AsyncIterable<Uint8Array> }> {
    const row = await this.registered(digest);
    const [version] = modelView(row).versions;
    await this.database.transaction((transaction) =>
      this.audit.append(transaction, [
        { type: 'model.export', actor: PERSON, subject: subject('model', digest), payload: { format: 'safetensors' } },
      ]),
    );
    const metadata = { 'consilium.digest': digest, 'consilium.plan': version!.planHash };
    return {
      name: `${version!.planName}-${digest.slice(0, 12)}.safetensors`,
      pieces: exportSafetensors(layoutOf(row), this.chunks(row.chunkDigests), metadata),
    };
  }

  private async *chunks(digests: readonly string[]): AsyncGenerator<Uint8Array> {
    for (const digest of digests) yield await this.store.read(digest);
  }

  private async registered(digest: string): Promise<FullModel> {
    const row = await this.database.client.model.findUnique({ where: { digest }, include: INCLUDE });
    if (row === null || modelView(row).versions.length === 0) throw new ConsiliumError('MODEL_NOT_FOUND', { digest });
    return row;
  }
}

function modelView(row: FullModel): ModelView {
  return {
    ...{ digest: row.digest, layoutDigest: row.layoutDigest, bytes: Number(row.bytes) },
    parameters: layoutLength(layoutOf(row)),
    versions: row.versions.filter(isRegistered).map(({ run, runId, round, siteId, origin, createdAt }) => ({
      ...{ runId, round, origin, createdAt, planHash: run.planHash, planName: run.plan.name },
      site: siteId === '' ? null : siteId,
    })),
  };
}

/** The candidate of a round that is not closed is nobody's model. */
function isRegistered({ round, run }: FullModel['versions'][number]): boolean {
  return round === 0 || run.rounds.some((r) => r.number === round && r.state === 'closed');
}

function layoutOf(row: FullModel): Layout {
  return row.layout.entries as unknown as Layout;
}

function newest({ versions }: ModelView): number {
  return Math.max(...versions.map((version) => version.createdAt.getTime()));
}
