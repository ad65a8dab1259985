import { ConsiliumError } from '@consilium/errors';

export interface CohortRule {
  /** How many sites a round asks; null for all participants. */
  readonly cohortSize: number | null;
  readonly quorum: number;
}

/**
 * The sites of one round, in the byte order of their ids. A smaller cohort than all is drawn by `draw(siteId)`: the sites with
 * the smallest keys are taken. The caller derives the keys from the plan's seed and the round, so that every replay draws alike.
 *
 * Who is connected does not matter here: that depends on the hour, and the same plan must end with the same bytes.
 *
 * Errors   QUORUM_NOT_MET when there are fewer participants than the quorum.
 */
export function selectCohort(
  participants: readonly string[],
  rule: CohortRule,
  draw: (siteId: string) => string = (siteId) => siteId,
): string[] {
  const all = [...new Set(participants)].sort();
  if (all.length < rule.quorum)
    throw new ConsiliumError('QUORUM_NOT_MET', { participants: all.length, quorum: rule.quorum });
  if (rule.cohortSize === null || rule.cohortSize >= all.length) return all;
  const keyed = all.map((siteId) => ({ siteId, key: draw(siteId) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  // A cohort smaller than the quorum could never close.
  const size = Math.max(rule.cohortSize, rule.quorum);
  return keyed
    .slice(0, size)
    .map((k) => k.siteId)
    .sort();
}
