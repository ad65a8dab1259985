import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConsiliumError, errorCode } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import { writeModel } from '../commands/model.js';
import type { RunView } from '../contract.js';
import type { CoordinatorClient } from '../coordinator-client.js';
import { AdvisedError } from '../failure.js';
import { followRuns } from '../progress/follow-runs.js';
import type { DemoFolder } from './demo-folder.js';
import { type DemoPlan, hashOf } from './plan-catalogue.js';
import { type PlanOutcome, planOutcome } from './results.js';

export interface RunContext {
  readonly folder: DemoFolder;
  readonly client: CoordinatorClient;
  readonly stop: AbortSignal;
  /** Throws when a process that is needed has failed for good. */
  readonly check: () => void;
}

/**
 * Runs a plan and its baseline side by side and answers the closing figures. A run that an earlier demo began goes on.
 *
 * Errors   STOPPED; RUN_EVENT_NOT_ALLOWED when a run failed or was aborted.
 */
export async function runPlan(context: RunContext, plan: DemoPlan): Promise<PlanOutcome> {
  const federated = await startOrResume(context, plan, plan.federated);
  const local = await startOrResume(context, plan, plan.local);
  const runs = await followRuns(context.client, [federated.id, local.id], context);
  if (context.stop.aborted) throw new ConsiliumError('STOPPED');
  for (const run of runs)
    if (run.state !== 'completed')
      throw new AdvisedError('RUN_EVENT_NOT_ALLOWED', 'The page of the coordinator and the logs of the demo say why.', {
        run: run.id,
        state: run.state,
        reason: run.reason ?? '',
      });
  const [federatedResults, localResults] = await Promise.all([
    context.client.results(federated.id),
    context.client.results(local.id),
  ]);
  const { model, rounds } = plan.federated;
  return planOutcome({
    plan: plan.name,
    model: model.family,
    rounds: rounds.count,
    seconds: secondsOf(runs),
    federated: federatedResults,
    local: localResults,
  });
}

/** Writes the federated model and answers its path. */
export async function keepModel(context: RunContext, outcome: PlanOutcome): Promise<string> {
  const file = path.join(context.folder.models, `${outcome.plan}-${outcome.modelDigest.slice(0, 12)}.safetensors`);
  await writeModel(context.client, outcome.modelDigest, file);
  return file;
}

export async function writeOutcome(file: string, outcome: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(outcome, null, 2)}\n`);
}

async function startOrResume({ folder, client }: RunContext, plan: DemoPlan, variant: Plan): Promise<RunView> {
  const sites = plan.sites.map(({ id }) => id).sort();
  const key = `${hashOf(variant)} ${sites.join(',')}`;
  const known = folder.runOf(key);
  if (known !== undefined) {
    const run = await client.run(known).catch((error: unknown) => {
      if (errorCode(error) === 'RUN_NOT_FOUND') return undefined;
      throw error;
    });
    if (run && run.state !== 'failed' && run.state !== 'aborted') return run;
  }
  const { hash } = await client.submitPlan(variant);
  const run = await client.startRun(hash, sites);
  await folder.rememberRun(key, run.id);
  return run;
}

function secondsOf(runs: readonly RunView[]): number {
  const starts = runs.map((run) => Date.parse(run.createdAt));
  const ends = runs.map((run) => Date.parse(run.finishedAt ?? run.createdAt));
  return (Math.max(...ends) - Math.min(...starts)) / 1000;
}
