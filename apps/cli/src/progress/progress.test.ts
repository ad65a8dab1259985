import { expect, it } from 'vitest';
import type { ParticipationView, RoundView, RunView } from '../contract.js';
import { ProgressLines } from './progress-lines.js';
import { screenLines } from './progress-screen.js';

function participation(site: string, state: string, more: Partial<ParticipationView> = {}): ParticipationView {
  const nothing = { stage: null, bytesDone: 0, bytesTotal: 0, epoch: 0, epochs: 0, step: 0, steps: 0, loss: null };
  return { site, state, ...nothing, ...more };
}

function round(number: number, state: string, more: Partial<RoundView> = {}): RoundView {
  return {
    number,
    state,
    waitsFor: null,
    startedAt: null,
    closedAt: null,
    modelDigest: null,
    candidateDigest: null,
    missing: [],
    refused: [],
    abortedBecause: null,
    participations: [],
    weights: [],
    validation: null,
    unevaluated: [],
    ...more,
  };
}

function run(rounds: readonly RoundView[], more: Partial<RunView> = {}): RunView {
  return {
    id: 'r',
    planName: 'phantom-segmentation',
    planHash: 'h',
    strategy: 'fedavg',
    state: 'running',
    reason: null,
    problem: null,
    waitsFor: null,
    createdAt: '2026-11-21T09:00:00Z',
    finishedAt: null,
    participants: [],
    rounds,
    roundsPlanned: 6,
    initialModelDigest: null,
    finalModels: [],
    evaluations: { done: 0, total: 0 },
    ...more,
  };
}

const validated = {
  metrics: { dice: 0.6125, iou: 0.45 },
  bounds: {},
  examples: 13,
  sites: [
    { site: 'alder', examples: 9, metrics: { dice: 0.6 }, bounds: {}, problem: null },
    { site: 'birch', examples: 4, metrics: { dice: null }, bounds: {}, problem: null },
  ],
  problem: null,
};

const THREE = ['alder', 'birch', 'oak'].map((site) => participation(site, 'submitted'));

it('a terminal shows for each site at work how far it is', () => {
  const training = { epoch: 2, epochs: 2, step: 6, steps: 12, loss: 0.41234 };
  const lines = screenLines([
    run([
      round(1, 'closed', { validation: validated, participations: THREE }),
      round(2, 'training', {
        participations: [participation('alder', 'training', training), participation('ash', 'submitted')],
      }),
      round(3, 'planned'),
    ]),
  ]);
  expect(lines).toEqual([
    'phantom-segmentation  fedavg  round 2/6  training',
    '  round 1  dice 0.613 of 2 of 3 sites, 13 films (alder 0.600, birch –)',
    '  alder  ██████████████░░░░░░  epoch 2/2 step 6/12  loss 0.412',
    '  ash    ████████████████████  update sent',
  ]);
});

it('a loss that only exponents can tell does not fill the terminal', () => {
  const training = { epoch: 1, epochs: 1, step: 1, steps: 1, loss: -1.5e308 };
  const lines = screenLines([
    run([round(1, 'training', { participations: [participation('a', 'training', training)] })]),
  ]);
  expect(lines[1]).toContain('loss -1.50e+308');
});

it('a log gets one line for each round that has ended, with who was missing, and one for the end of the run', () => {
  const lines: string[] = [];
  const progress = new ProgressLines((line) => lines.push(line));
  const unevaluated = [{ site: 'oak', code: 'ENGINE_CRASHED' }];
  const first = round(1, 'closed', { validation: validated, participations: THREE, unevaluated });
  progress.show([run([first, round(2, 'training')])]);
  progress.show([run([first, round(2, 'training')])]);
  const second = round(2, 'aborted', { abortedBecause: 'too few updates' });
  progress.show([run([first, second], { state: 'failed', reason: 'no quorum', finishedAt: '2026-11-21T09:01:01Z' })]);
  expect(lines).toEqual([
    'phantom-segmentation fedavg: round 1/6 closed, dice 0.613 of 2 of 3 sites, 13 films (alder 0.600, birch –), oak could not evaluate: ENGINE_CRASHED',
    'phantom-segmentation fedavg: round 2/6 aborted, too few updates',
    'phantom-segmentation fedavg: failed: no quorum  61 s',
  ]);
});

it('a log says what the bounds took from a site, and why a round has no figure', () => {
  const lines: string[] = [];
  const weight = { site: 'alder', exampleShare: 0.9, share: 0.5, deltaNorm: 2, clippedNorm: 2 };
  const weights = [
    { ...weight, limited: 'weighs 50 % instead of 90 %' },
    { ...weight, site: 'birch', limited: null },
  ];
  const validation = {
    metrics: {},
    bounds: {},
    examples: 0,
    sites: [],
    problem: 'birch: The statistics do not fit the plan.',
  };
  new ProgressLines((line) => lines.push(line)).show([run([round(1, 'closed', { weights, validation })])]);
  expect(lines).toEqual([
    'phantom-segmentation fedavg: round 1/6 closed, validation not computable: birch: The statistics do not fit the plan.,' +
      ' alder weighs 50 % instead of 90 %',
  ]);
});
