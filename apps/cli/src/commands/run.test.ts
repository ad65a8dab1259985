import { expect, it } from 'vitest';
import type { RoundView, RunView } from '../contract.js';
import { describeRun, describeRuns } from './run.js';

const round = (number: number, more: Partial<RoundView> = {}): RoundView => ({
  ...{ number, state: 'closed', waitsFor: null, startedAt: null, closedAt: null, modelDigest: null },
  ...{ candidateDigest: null, missing: [], refused: [], abortedBecause: null, participations: [], weights: [] },
  ...{ validation: null, unevaluated: [] },
  ...more,
});

const run = (rounds: readonly RoundView[], more: Partial<RunView> = {}): RunView => ({
  ...{ id: 'r', planName: 'tuberculosis', planHash: 'h', strategy: 'fedavg', state: 'completed', reason: null },
  ...{ problem: null, waitsFor: null, createdAt: '2026-11-21T09:00:00Z', finishedAt: null, participants: [] },
  ...{ rounds, roundsPlanned: 2, initialModelDigest: null, finalModels: [], evaluations: { done: 0, total: 0 } },
  ...more,
});

const ASH = { site: 'ash', examples: 40, metrics: { auroc: 0.8125 }, bounds: { auroc: 0.0123 }, problem: null };
const PARTICIPATION = {
  ...{ site: 'ash', state: 'submitted', stage: null, bytesDone: 0, bytesTotal: 0 },
  ...{ epoch: 0, epochs: 0, step: 0, steps: 0, loss: null },
};

it('says which site was held back in which round, and which round has no figure and why', () => {
  const weight = { site: 'ash', exampleShare: 0.9, share: 0.5, deltaNorm: 900, clippedNorm: 9 };
  const limited = 'weighs 50 % instead of 90 %, change of length 900 counts as 9';
  const lines = describeRun(
    run([
      round(1, {
        weights: [{ ...weight, limited }],
        validation: {
          metrics: { auroc: 0.8125 },
          bounds: { auroc: 0.0123 },
          examples: 40,
          sites: [ASH],
          problem: null,
        },
        participations: [PARTICIPATION, { ...PARTICIPATION, site: 'birch' }],
      }),
      round(2, {
        validation: {
          metrics: {},
          bounds: {},
          examples: 0,
          sites: [],
          problem: 'ash: The statistics do not fit the plan.',
        },
      }),
    ]),
    undefined,
  );
  expect(lines.find((line) => line.startsWith('1 '))).toMatch(
    /closed +auroc 0\.813 ±0\.012\? +1 of 2 sites, 40 films +ash weighs 50 % .* counts as 9$/,
  );
  expect(lines.at(-1)).toContain('? not resolved: scores are counted in bins');
  expect(lines.find((line) => line.startsWith('2 '))).toMatch(/closed +not computable/);
  expect(lines).toContain('round 2: validation not computable: ash: The statistics do not fit the plan.');
});

it('shows a run that the coordinator cannot read by what there is', () => {
  const problem = 'This run cannot be shown whole: The plan is not valid.';
  const list = describeRuns([run([]), run([], { id: 'old', problem })]);
  expect(list.slice(2)).toEqual([
    expect.stringMatching(/^r +tuberc/),
    expect.stringMatching(/^old /),
    `old: ${problem}`,
  ]);
  expect(describeRun(run([], { problem }), undefined)).toEqual([
    'run r: plan tuberculosis, strategy fedavg, completed',
    problem,
  ]);
});
