import { ConsiliumError } from '@consilium/errors';
import type { AcceptedUpdate, AggregationStrategy } from './strategy.js';

/** Float addition depends on order and arrival is not repeatable: sites are always folded in the byte order of their ids. */
export function inSiteOrder<U extends Pick<AcceptedUpdate, 'siteId'>>(updates: readonly U[]): U[] {
  return [...updates].sort((a, b) => (a.siteId < b.siteId ? -1 : a.siteId > b.siteId ? 1 : 0));
}

/** The updates that make one model together. */
export interface UpdateGroup<U> {
  /** Whose model this is; null for the one model of all. */
  readonly siteId: string | null;
  readonly updates: readonly U[];
}

/**
 * The models that a round makes, each with its updates: one for all sites, or one a site. The host runs `aggregateModel` once
 * for each group; `readGlobal` then reads the model that the group's updates were trained from. A site without an update in
 * this round has no group: under a per-site strategy it keeps its last model.
 *
 * Errors   QUORUM_NOT_MET when there is no update at all.
 */
export function groupsOf<U extends Pick<AcceptedUpdate, 'siteId'>>(
  strategy: Pick<AggregationStrategy, 'scope'>,
  updates: readonly U[],
): UpdateGroup<U>[] {
  if (updates.length === 0) throw new ConsiliumError('QUORUM_NOT_MET', { updates: 0 });
  const ordered = inSiteOrder(updates);
  if (strategy.scope === 'all-sites') return [{ siteId: null, updates: ordered }];
  return ordered.map((u) => ({ siteId: u.siteId, updates: [u] }));
}
