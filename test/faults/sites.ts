import path from 'node:path';
import type { Plan } from '@consilium/plan';
import { freshDirectory, type Ground, prepareGround } from '../federation/ground.ts';
import { writePhantomFolder } from '../federation/phantom-folder.ts';
import { classificationPlan, segmentationPlan } from '../federation/tiny-plans.ts';
import { AGENT_POINTS, COORDINATOR_POINTS, type Outcome, runScenario, type Scenario } from './scenario.ts';

export const what = 'kills every agent at each stage and the coordinator in each state of a round';

/** One line of the report. */
export interface FaultRow {
  readonly model: string;
  readonly point: string;
  readonly kills: number;
  readonly expectedKills: number;
  readonly seconds: number;
  readonly digestEqual: boolean;
  readonly digest: string;
  readonly problems: readonly string[];
}

export const SITE_IDS = ['east', 'north', 'west'];
const EXAMPLES = 24;
const ROUNDS = 3;

/** Calls `onRow` for each finished scenario; the first of each model is the undisturbed one that the others are held against. */
export default async function sites(onRow: (row: FaultRow) => void): Promise<FaultRow[]> {
  const ground = await prepareSites(SITE_IDS, EXAMPLES);
  const rows: FaultRow[] = [];
  try {
    const choices = { rounds: ROUNDS, quorum: SITE_IDS.length };
    const plans = {
      unet: segmentationPlan({ ...choices, base: 32 }),
      resnet: classificationPlan({ ...choices, base: 16 }),
    };
    for (const [model, plan] of Object.entries(plans)) {
      let undisturbed: Outcome | undefined;
      for (const scenario of scenariosOf(plan)) {
        const outcome = await runScenario(ground, scenario);
        undisturbed ??= outcome;
        const row = rowOf(model, outcome, undisturbed);
        rows.push(row);
        onRow(row);
      }
    }
    return rows;
  } finally {
    await ground.clear();
  }
}

/** Certificates, database and prepared datasets of some sites. */
export async function prepareSites(siteIds: readonly string[], examples: number): Promise<Ground> {
  const directory = await freshDirectory();
  const sites = siteIds.map((id) => ({ id, folder: path.join(directory, 'hospitals', id) }));
  for (const [siteIndex, { id, folder }] of sites.entries()) {
    writePhantomFolder({ folder, siteId: id, siteIndex, examples });
  }
  return prepareGround(directory, sites);
}

function scenariosOf(plan: Plan): Scenario[] {
  return [
    { name: 'undisturbed', plan },
    ...AGENT_POINTS.map((point) => ({ name: `every agent while ${point}`, plan, agents: [point] })),
    { name: 'every agent at all three', plan, agents: AGENT_POINTS },
    ...COORDINATOR_POINTS.map((point) => ({ name: `coordinator in ${point}`, plan, coordinator: [point] })),
    { name: 'everyone everywhere', plan, agents: AGENT_POINTS, coordinator: COORDINATOR_POINTS },
  ];
}

function rowOf(model: string, outcome: Outcome, undisturbed: Outcome): FaultRow {
  const { name: point, kills, expectedKills, seconds, digests, problems } = outcome;
  const digestEqual = digests.length > 0 && digests.join() === undisturbed.digests.join();
  return { model, point, kills, expectedKills, seconds, digestEqual, digest: digests.join(' '), problems };
}

export function isGood({ kills, expectedKills, digestEqual, problems }: FaultRow): boolean {
  return kills === expectedKills && digestEqual && problems.length === 0;
}
