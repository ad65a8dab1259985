import { expect, it } from 'vitest';
import { runAssignment } from './pipeline.js';
import type {
  Assignment,
  CleanStudies,
  LocalDelta,
  OpenedDataset,
  PreparationStages,
  ProtectedUpdate,
  RawStudies,
  Receipt,
  RoundStages,
} from './stages.js';

const never = new AbortController().signal;

/** Compiled, never run: each line that the types refuse is a stage that cannot be skipped. */
export async function whatDoesNotCompile(s: RoundStages, p: PreparationStages, a: Assignment): Promise<void> {
  const dataset = await s.open(a, never);
  const delta = await s.train(dataset, a, never);
  const studies = await p.ingest({ name: 'n', folder: 'f', labels: 'l', classes: undefined }, never);
  // @ts-expect-error a delta that nobody has protected
  await s.submit(delta, never);
  // @ts-expect-error studies that nobody has de-identified
  await p.assemble(studies, never);
  // @ts-expect-error training without opening
  await s.train(a, a, never);
  const { updateId, runId, round, manifest, exampleCount, localSteps, baseModelDigest, baseRound, trainingLoss } =
    await s.protect(delta, a, never);
  const forged = {
    updateId,
    runId,
    round,
    manifest,
    exampleCount,
    localSteps,
    baseModelDigest,
    baseRound,
    trainingLoss,
  };
  // @ts-expect-error an update of the right fields that `protect` has not made
  await s.submit({ ...forged, deltaNorm: 0 }, never);
  // @ts-expect-error the identifying pictures where the clean ones belong
  const clean: CleanStudies = studies satisfies RawStudies;
  await p.assemble(clean, never);
}

const receipt: Receipt = { id: 'r', auditIndex: 1, auditLeafHash: new Uint8Array() };

/** Stages that only note that they were there. */
function notingStages(booked: ProtectedUpdate | undefined): { stages: RoundStages; visited: string[] } {
  const visited: string[] = [];
  const note =
    <T>(name: string, value: unknown) =>
    async (): Promise<T> => {
      visited.push(name);
      return value as T;
    };
  const stages: RoundStages = {
    recall: note('recall', booked),
    open: note<OpenedDataset>('open', {}),
    train: note<LocalDelta>('train', {}),
    protect: note<ProtectedUpdate>('protect', {}),
    submit: note<Receipt>('submit', receipt),
  };
  return { stages, visited };
}

it('goes through every stage in order', async () => {
  const { stages, visited } = notingStages(undefined);
  expect(await runAssignment({} as Assignment, stages, never)).toBe(receipt);
  expect(visited).toEqual(['recall', 'open', 'train', 'protect', 'submit']);
});

it('sends what the outbox holds without training again', async () => {
  const { stages, visited } = notingStages({} as ProtectedUpdate);
  await runAssignment({} as Assignment, stages, never);
  expect(visited).toEqual(['recall', 'submit']);
});
