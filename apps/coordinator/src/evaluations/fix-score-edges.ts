import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import { sha256Hex } from '@consilium/tensors';
import {
  addStatistics,
  type ClassificationStatistics,
  defaultScoreEdges,
  edgesOfEqualMass,
  requireValidScoreEdges,
  requireValidStatistics,
  type ScoreEdges,
  type StatisticsShape,
  scoreEdgesText,
  statisticsShape,
} from '@consilium/validation';
import type { Split } from '../generated/prisma/client.js';
import type { Transaction } from '../platform/database.js';

/** A model that sites are about to be asked to evaluate. */
export interface ModelToEvaluate {
  readonly modelDigest: string;
  /** The model whose validation its score edges follow, and the round of that; nothing was counted of the initial model. */
  readonly follows: { readonly modelDigest: string; readonly round: number };
}

/**
 * Fixes the edges of the bins that all sites count a model's scores in, and stores them: from the added counts of a validation that
 * has been answered, and otherwise the default ones. What was fixed before for a model and a split of the run stays, so that no site is
 * asked to count the same scores in two ways. Answers the digests of the edges by those of the models; of a segmentation there are none.
 */
export async function fixScoreEdges(
  transaction: Transaction,
  plan: Plan,
  { runId, split }: { readonly runId: string; readonly split: Split },
  models: readonly ModelToEvaluate[],
): Promise<ReadonlyMap<string, string>> {
  const shape = statisticsShape(plan);
  if (shape.kind === 'segmentation') return new Map();
  const known = await transaction.evaluation.findMany({
    where: { runId, split, modelDigest: { in: models.map((m) => m.modelDigest) }, scoreEdgesDigest: { not: null } },
    select: { modelDigest: true, scoreEdgesDigest: true },
    distinct: ['modelDigest'],
  });
  const fixed = new Map(known.map((row) => [row.modelDigest, row.scoreEdgesDigest as string]));
  const counted = await countedOf(transaction, runId, models);
  const made = new Map<string, ScoreEdges>();
  for (const { modelDigest, follows } of models) {
    if (fixed.has(modelDigest)) continue;
    const edges = edgesFrom(counted.get(keyOf(follows)) ?? [], shape);
    const digest = scoreEdgesDigest(edges);
    made.set(digest, edges);
    fixed.set(modelDigest, digest);
  }
  await transaction.scoreEdges.createMany({
    data: [...made].map(([digest, edges]) => ({ digest, edges: JSON.parse(scoreEdgesText(edges)) })),
    skipDuplicates: true,
  });
  return fixed;
}

interface Counted {
  readonly statistics: unknown;
  readonly scoreEdges: { readonly digest: string; readonly edges: unknown } | null;
}

async function countedOf(transaction: Transaction, runId: string, models: readonly ModelToEvaluate[]) {
  const rows = await transaction.evaluation.findMany({
    where: {
      ...{ runId, split: 'validation', state: 'received' },
      round: { in: [...new Set(models.map(({ follows }) => follows.round))] },
      modelDigest: { in: models.map(({ follows }) => follows.modelDigest) },
    },
    select: { modelDigest: true, round: true, statistics: true, scoreEdges: true },
  });
  return Map.groupBy(rows, keyOf);
}

function keyOf({ modelDigest, round }: { modelDigest: string; round: number }): string {
  return `${round}/${modelDigest}`;
}

/** Counts that cannot be used together tell nothing of the model. */
function edgesFrom(counted: readonly Counted[], shape: StatisticsShape & { kind: 'classification' }): ScoreEdges {
  const standard = defaultScoreEdges(shape.classes, shape.bins);
  const before = counted[0]?.scoreEdges ?? null;
  if (before === null || counted.some(({ scoreEdges }) => scoreEdges?.digest !== before.digest)) return standard;
  try {
    const edges = requireValidScoreEdges(before.edges as ScoreEdges, shape);
    const sum = addStatistics(counted.map(({ statistics }) => requireValidStatistics(statistics, shape)));
    return edgesOfEqualMass(sum as ClassificationStatistics, edges);
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    return standard;
  }
}

export function scoreEdgesDigest(edges: ScoreEdges): string {
  return sha256Hex(scoreEdgesText(edges));
}
