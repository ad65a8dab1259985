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

/** A model that sites are about to be asked to evaluate, and the validation that the edges of its bins follow. */
export interface ModelToEvaluate {
  readonly modelDigest: string;
  /** Its own, or that of all models of a round where `modelDigest` is null. */
  readonly follows: { readonly round: number; readonly modelDigest: string | null };
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
  const rounds = [...new Set(models.map(({ follows }) => follows.round))];
  const counted = await transaction.evaluation.findMany({
    where: { runId, split: 'validation', state: 'received', round: { in: rounds } },
    select: { modelDigest: true, round: true, statistics: true, scoreEdges: true },
  });
  const digests = new Map<string, string>();
  const made = new Map<string, ScoreEdges>();
  for (const { modelDigest, follows } of models) {
    if (fixed.has(modelDigest)) continue;
    const key = JSON.stringify(follows);
    if (!digests.has(key)) {
      const edges = edgesFrom(counted.filter(isOf(follows)), follows.modelDigest !== null, shape);
      digests.set(key, scoreEdgesDigest(edges));
      made.set(scoreEdgesDigest(edges), edges);
    }
    fixed.set(modelDigest, digests.get(key)!);
  }
  await transaction.scoreEdges.createMany({
    data: [...made].map(([digest, edges]) => ({ digest, edges: JSON.parse(scoreEdgesText(edges)) })),
    skipDuplicates: true,
  });
  return fixed;
}

function isOf({ round, modelDigest }: ModelToEvaluate['follows']) {
  return (row: { readonly round: number; readonly modelDigest: string }) =>
    row.round === round && (modelDigest === null || row.modelDigest === modelDigest);
}

interface Counted {
  readonly statistics: unknown;
  readonly scoreEdges: { readonly digest: string; readonly edges: unknown } | null;
}

/** Counts that cannot be used together tell nothing of the model. */
function edgesFrom(
  counted: readonly Counted[],
  isOfModel: boolean,
  shape: StatisticsShape & { kind: 'classification' },
): ScoreEdges {
  const standard = defaultScoreEdges(shape.classes, shape.bins);
  const before = counted[0]?.scoreEdges ?? null;
  if (before === null || counted.some(({ scoreEdges }) => scoreEdges?.digest !== before.digest)) return standard;
  try {
    const edges = requireValidScoreEdges(before.edges as ScoreEdges, shape);
    const sum = addStatistics(counted.map(({ statistics }) => requireValidStatistics(statistics, shape)));
    return edgesOfEqualMass(sum as ClassificationStatistics, edges, isOfModel ? 'same model' : 'model before');
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    return standard;
  }
}

function scoreEdgesDigest(edges: ScoreEdges): string {
  return sha256Hex(scoreEdgesText(edges));
}
