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
}

/** A statement has at most 65,535 parameters. */
const ROWS_AT_ONCE = 2000;

/** Stores what sites are asked to evaluate; the same question twice is one. Answers the acts for the audit log. */
export async function askEvaluations(transaction: Transaction, requests: readonly EvaluationRequest[]): Promise<Act[]> {
  const rows = new Map(requests.map((request) => [evaluationId(request), request]));
  const data = [...rows].map(([id, request]) => ({ id, ...request }));
  for (let at = 0; at < data.length; at += ROWS_AT_ONCE)
    await transaction.evaluation.createMany({ data: data.slice(at, at + ROWS_AT_ONCE) });
  return [...rows].map(([id, { runId, round, modelDigest, siteId, split }]) => ({
    type: 'evaluation.assigned',
    subject: { kind: 'evaluation', id },
    ...{ runId, round },
    payload: { site: siteId, modelDigest, split },
  }));
}

/** The id of an evaluation follows from what is asked. */
export function evaluationId({ runId, round, modelDigest, siteId, split }: EvaluationRequest): string {
  return sha256Hex(JSON.stringify([runId, round, modelDigest, siteId, split]));
}
