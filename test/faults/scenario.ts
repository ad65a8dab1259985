import type { Plan } from '@consilium/plan';
import type { Ground } from '../federation/ground.ts';
import { startOn } from '../federation/processes.ts';

export const AGENT_POINTS = ['fetching', 'training', 'sending'] as const;
export const COORDINATOR_POINTS = [
  'recruiting',
  'training',
  'aggregating',
  'validating',
  'closed',
  'collecting',
] as const;

/** One run of a plan, and where its processes are killed meanwhile. Each dies once at each of its points. */
export interface Scenario {
  readonly name: string;
  readonly plan: Plan;
  readonly agents?: readonly string[];
  readonly coordinator?: readonly string[];
}

export interface Outcome {
  readonly name: string;
  /** Kills that the processes wrote down before they died, and that their parent has seen. */
  readonly kills: number;
  readonly expectedKills: number;
  /** From the start of the run to its end. */
  readonly seconds: number;
  /** Final models, of all sites or of each. */
  readonly digests: readonly string[];
  /** Whatever was not as it must be; empty if all was. */
  readonly problems: readonly string[];
}

const TIMEOUT_MS = 240_000;

/** Runs a scenario with processes, database and site folders of its own, so that nothing is left over from another. */
export async function runScenario(ground: Ground, scenario: Scenario): Promise<Outcome> {
  const { name, plan, agents = [], coordinator = [] } = scenario;
  const federation = await startOn(ground, { killPoints: { agents, coordinator } });
  const problems: string[] = [];
  try {
    const startedAt = performance.now();
    const run = await federation.run(plan, TIMEOUT_MS);
    const seconds = (performance.now() - startedAt) / 1000;
    if (run.state !== 'completed') problems.push(`the run is ${run.state}: ${run.reason}`);
    for (const { number, state, missing, refused } of run.rounds) {
      if (state !== 'closed') problems.push(`round ${number} is ${state}`);
      problems.push(...missing.map((site) => `round ${number}: ${site} is missing`));
      problems.push(...refused.map(({ site, code }) => `round ${number}: ${site} is refused with ${code}`));
    }
    const fired = federation.firedPoints();
    const seen = federation.kills();
    check('coordinator', fired.coordinator, coordinator, seen.coordinator);
    for (const siteId of ground.siteIds) check(siteId, fired.agents[siteId] ?? [], agents, seen.agents[siteId] ?? 0);
    const kills = seen.coordinator + Object.values(seen.agents).reduce((a, b) => a + b, 0);
    const expectedKills = coordinator.length + agents.length * ground.siteIds.length;
    const digests = run.finalModels.map(({ digest }) => digest);
    problems.push(...(await federation.stop()));
    return { name, kills, expectedKills, seconds, digests, problems };
  } catch (error) {
    await federation.stop();
    throw error;
  }

  function check(who: string, fired: readonly string[], wanted: readonly string[], seen: number): void {
    if ([...fired].sort().join() !== [...wanted].sort().join())
      problems.push(`${who}: fired ${fired.join(', ') || 'nothing'} instead of ${wanted.join(', ') || 'nothing'}`);
    if (seen !== fired.length) problems.push(`${who}: wrote down ${fired.length} kills, died ${seen} times`);
  }
}
