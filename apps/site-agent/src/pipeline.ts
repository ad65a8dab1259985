import type { DatasetRequest } from './datasets/image.js';
import type { Assignment, DatasetVersion, PreparationStages, Receipt, RoundStages } from './stages.js';

/** From the hospital's files to a dataset version that plans can be bound to. */
export async function prepareDataset(
  request: DatasetRequest,
  s: PreparationStages,
  signal: AbortSignal,
): Promise<DatasetVersion> {
  const studies = await s.ingest(request, signal);
  const clean = await s.deidentify(studies, signal);
  return s.assemble(clean, signal);
}

/** Everything a site does for one round, in order. Each arrow takes only what the stage before it can make. */
export async function runAssignment(a: Assignment, s: RoundStages, signal: AbortSignal): Promise<Receipt> {
  const booked = await s.recall(a, signal);
  if (booked) return s.submit(booked, signal);
  const dataset = await s.open(a, signal);
  const delta = await s.train(dataset, a, signal);
  const update = await s.protect(delta, a, signal);
  return s.submit(update, signal);
}
