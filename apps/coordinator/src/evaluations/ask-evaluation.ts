import { sha256Hex } from '@consilium/tensors';
import type { Act } from '../audit/audit-log.js';
import type { Split } from '../generated/prisma/client.js';
import type { Transaction } from '../platform/database.js';

/** What a site is asked to evaluate. */
export interface EvaluationRequest {
  readonly runId: string;
  /** 0 for the tests after the last round. */
  readonly round: number;
  readonly modelDigest: string;
  readonly siteId: string;
  readonly split: Split;
  readonly datasetVersion: string;
  /** Of the bins that scores are counted in; null for a segmentation. */
  readonly scoreEdgesDigest: string | null;
}

const ROWS_AT_ONCE = 5000;

/** Stores what sites are asked to evaluate; the same question twice is one. Answers the acts for the audit log. */
export async function askEvaluations(transaction: Transaction, requests: readonly EvaluationRequest[]): Promise<Act[]> {
  const rows = new Map(requests.map((request) => [evaluationId(request), request]));
  const data = [...rows].map(([id, request]) => ({ id, ...request }));
  for (let at = 0; at < data.length; at += ROWS_AT_ONCE) await insert(transaction, data.slice(at, at + ROWS_AT_ONCE));
  return [...rows].map(([id, { runId, round, modelDigest, siteId, split, scoreEdgesDigest }]) => ({
    type: 'evaluation.assigned',
    subject: { kind: 'evaluation', id },
    ...{ runId, round },
    payload: { site: siteId, modelDigest, split, ...(scoreEdgesDigest === null ? {} : { scoreEdgesDigest }) },
  }));
}

/** One statement for all rows, a parameter a column: a run in which every site tests every site's model has very many. */
async function insert(transaction: Transaction, rows: readonly (EvaluationRequest & { id: string })[]): Promise<void> {
  const column = <K extends keyof (typeof rows)[number]>(key: K) => rows.map((row) => row[key]);
  await transaction.$executeRaw`
    INSERT INTO evaluation (id, run_id, round, model_digest, site_id, split, dataset_version, score_edges_digest)
    SELECT id, run_id::uuid, round, model_digest, site_id, split::"Split", dataset_version, score_edges_digest
    FROM unnest(
      ${column('id')}::text[], ${column('runId')}::text[], ${column('round')}::int[], ${column('modelDigest')}::text[],
      ${column('siteId')}::text[], ${column('split')}::text[], ${column('datasetVersion')}::text[],
      ${column('scoreEdgesDigest')}::text[]
    ) AS row (id, run_id, round, model_digest, site_id, split, dataset_version, score_edges_digest)`;
}

/** The id of an evaluation follows from what is asked. */
export function evaluationId({ runId, round, modelDigest, siteId, split }: EvaluationRequest): string {
  return sha256Hex(JSON.stringify([runId, round, modelDigest, siteId, split]));
}
