import { groupsOf, isLimited, type Weighing } from '@consilium/aggregation';
import { ConsiliumError, ERRORS } from '@consilium/errors';
import type { SiteUpdate } from '../generated/prisma/client.js';
import type { StoredPlan } from '../plans/plan-register.js';

/** What a site's update counts for in a round. */
export interface WeightView {
  readonly site: string;
  /** Its part of the round's training examples, and the part of the sum that it gets. */
  readonly exampleShare: number;
  readonly share: number;
  /** Length of its delta, and the length with which it counts. */
  readonly deltaNorm: number;
  readonly clippedNorm: number;
  /** What the plan's bounds took from it, or why none of this is computable, in words; null when nothing. */
  readonly limited: string | null;
}

export type WeighedUpdate = Pick<SiteUpdate, 'siteId' | 'exampleCount' | 'deltaNorm'>;

/**
 * The same rule, on the same numbers, as when the candidate was made. Empty when nothing is averaged. It never fails: where a stored
 * row is none that could be weighed, each site says so.
 */
export function weightViews(
  { strategy, bounds }: Pick<StoredPlan, 'strategy' | 'bounds'>,
  rows: readonly WeighedUpdate[],
): WeightView[] {
  if (strategy.scope === 'per-site' || rows.length === 0) return [];
  const updates = rows.map(({ siteId, exampleCount, deltaNorm }) => ({
    ...{ siteId, deltaNorm },
    exampleCount: Number(exampleCount),
  }));
  try {
    return groupsOf(strategy, updates).flatMap((group) => strategy.weigh(group.updates, bounds, {}).map(weightView));
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    const limited = `has no weight that is computable: ${ERRORS[error.code].say} (${error.detail.site ?? 'all sites'})`;
    const none = { exampleShare: 0, share: 0, clippedNorm: 0, limited };
    return updates.map(({ siteId, deltaNorm }) => ({ site: siteId, deltaNorm, ...none }));
  }
}

function weightView(weighing: Weighing): WeightView {
  const { siteId: site, exampleShare, share, deltaNorm, clippedNorm } = weighing;
  return {
    site,
    exampleShare,
    share,
    deltaNorm,
    clippedNorm,
    limited: isLimited(weighing) ? sentence(weighing) : null,
  };
}

/** `weighs 50 % instead of 91 %, change of length 5120 counts as 9.12`. */
function sentence({ exampleShare, share, deltaNorm, clippedNorm }: Weighing): string {
  const capped = share < exampleShare ? [`weighs ${percent(share)} instead of ${percent(exampleShare)}`] : [];
  const clipped =
    clippedNorm < deltaNorm ? [`change of length ${short(deltaNorm)} counts as ${short(clippedNorm)}`] : [];
  return [...capped, ...clipped].join(', ');
}

function percent(share: number): string {
  return `${short(100 * share)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
