import { canonicalPlan, type Plan, planHash } from '@consilium/plan';
import { siteFolder } from '../platform/site-folder.js';
import { openSiteState, type SiteState } from '../state/site-state.js';
import { SMALL_PLAN } from './plan.fixture.js';

/** What a site's state is asked or told, and closed again. */
export function inState<T>(root: string, act: (state: SiteState) => T): T {
  const state = openSiteState(siteFolder(root).state);
  try {
    return act(state);
  } finally {
    state.close();
  }
}

/** A run that this site has accepted with a dataset of its own, the newest version of it, and in which it has trained a round. */
export function acceptRun(root: string, runId: string, dataset: string, plan: Plan = SMALL_PLAN): string {
  return inState(root, (state) => {
    const { version: datasetVersion } = state.datasets.find(dataset)!;
    const answer = { accepted: true, dataset, datasetVersion, exampleCount: 3 } as const;
    state.invitations.record({ runId, planDigest: planHash(plan), plan: canonicalPlan(plan), sites: 3, answer });
    state.work.beginTraining(runId, 1, 'a'.repeat(64), { lastRound: 3, testModels: 2 });
    return datasetVersion;
  });
}
