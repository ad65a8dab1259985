import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ground } from '../federation/ground.ts';
import { segmentationPlan } from '../federation/tiny-plans.ts';
import { AGENT_POINTS, runScenario } from './scenario.ts';
import { prepareSites } from './sites.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await prepareSites(['east', 'west'], 16);
}, 60_000);
afterAll(async () => ground?.clear(), 60_000);

it('a run whose agents and coordinator were killed ends in the same bytes as one that nobody disturbed', async () => {
  const plan = segmentationPlan({ rounds: 2, quorum: 2 });
  const undisturbed = await runScenario(ground, { name: 'undisturbed', plan });
  expect(undisturbed).toMatchObject({ kills: 0, problems: [] });
  const killed = await runScenario(ground, {
    name: 'killed',
    plan,
    agents: AGENT_POINTS,
    coordinator: ['aggregating'],
  });
  expect(killed).toMatchObject({ kills: 7, problems: [] });
  expect(killed.digests).toEqual(undisturbed.digests);
}, 120_000);
