import { errorCode } from '@consilium/errors';
import { figure, isUnresolved, ofSitesText, UNRESOLVED } from '@consilium/validation';
import { hasEnded, type RunResults, type RunView } from '../contract.js';
import type { CoordinatorClient } from '../coordinator-client.js';
import type { Environment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { chosenFolder, connectTo } from '../federation-folder.js';
import { stopSignals } from '../processes/stop-signals.js';
import { followRuns } from '../progress/follow-runs.js';
import { limitedText, ofSites, unevaluatedText } from '../progress/words.js';
import { formatTable, ownLines, print, printJson } from '../terminal.js';
import { loadPlan } from './plan.js';

interface Options {
  readonly dir?: string;
  readonly json?: boolean;
}

/** `consilium run start`. */
export async function startRun(
  file: string,
  options: Options & { readonly sites?: readonly string[]; readonly dryRun?: boolean },
  environment: Environment,
): Promise<void> {
  const plan = await loadPlan(file);
  const client = await connect(options, environment);
  const { hash } = await client.submitPlan(plan);
  if (options.dryRun) {
    const outlook = await client.tryRun(hash, options.sites).catch(tooFewSites);
    if (options.json) printJson(outlook);
    else {
      print([...ownLines(outlook.prose), '']);
      print(`${outlook.sites.length} sites would be invited: ${outlook.sites.join(', ')}`);
      print(`The model has ${outlook.parameters} parameters. Nothing was started.`);
    }
    return;
  }
  const run = await client.startRun(hash, options.sites).catch(tooFewSites);
  if (options.json) printJson(run);
  else print(`run ${run.id} of plan ${run.planName} has started; follow it with: consilium run watch ${run.id}`);
}

/** `consilium run list`. */
export async function listRuns(options: Options, environment: Environment): Promise<void> {
  const client = await connect(options, environment);
  const runs = await client.runs();
  if (options.json) printJson(runs);
  else if (runs.length === 0) print('There is no run yet.');
  else print(describeRuns(runs));
}

export function describeRuns(runs: readonly RunView[]): string[] {
  const rows = runs.map((run) => [run.id, run.planName, run.strategy, run.state, roundsOf(run), run.createdAt]);
  const problems = runs.flatMap(({ id, problem }) => (problem ? [`${id}: ${problem}`] : []));
  return [...formatTable(['run', 'plan', 'strategy', 'state', 'rounds', 'started'], rows), ...problems];
}

/** `consilium run show`. */
export async function showRun(id: string, options: Options, environment: Environment): Promise<void> {
  const client = await connect(options, environment);
  const run = await client.run(id);
  const results = run.state === 'completed' && !run.problem ? await client.results(id) : undefined;
  if (options.json) printJson({ ...run, ...(results ? { results } : {}) });
  else print(describeRun(run, results));
}

/** `consilium run watch`: ends with 0 when the run was completed, with 1 otherwise. */
export async function watchRun(id: string, options: Options, environment: Environment): Promise<void> {
  const client = await connect(options, environment);
  const stop = stopSignals(() => {});
  const [run] = await followRuns(client, [id], { stop });
  if (!run || !hasEnded(run)) return;
  print(describeRun(run, run.state === 'completed' && !run.problem ? await client.results(id) : undefined));
  if (run.state !== 'completed') process.exitCode = 1;
}

/** `consilium run abort`. */
export async function abortRun(
  id: string,
  options: Options & { readonly reason: string },
  environment: Environment,
): Promise<void> {
  const client = await connect(options, environment);
  const run = await client.abortRun(id, options.reason);
  print(`run ${run.id} is ${run.state}`);
}

export function describeRun(run: RunView, results: RunResults | undefined): string[] {
  const lines = [
    `run ${run.id}: plan ${run.planName}, strategy ${run.strategy}, ${run.state}${run.reason ? ` (${run.reason})` : ''}`,
  ];
  if (run.problem) lines.push(run.problem);
  if (run.waitsFor) lines.push(run.waitsFor);
  const sites = run.participants.map(({ site, state, exampleCount, reason }) => [
    site,
    state,
    exampleCount === null ? '' : String(exampleCount),
    reason ?? '',
  ]);
  if (sites.length > 0) lines.push('', ...formatTable(['site', 'answer', 'examples', 'reason'], sites));
  const rounds = run.rounds.map((round) => [
    String(round.number),
    round.state,
    round.validation?.problem
      ? 'not computable'
      : Object.entries(round.validation?.metrics ?? {})
          .map(([name, value]) => `${name} ${figure(value, round.validation?.bounds[name])}`)
          .join(', '),
    ofSites(round),
    round.missing.join(', '),
    round.refused.map(({ site, code }) => `${site}: ${code}`).join(', '),
    [unevaluatedText(round), limitedText(round)].filter((text) => text !== '').join('; '),
  ]);
  if (rounds.length > 0)
    lines.push('', ...formatTable(['round', 'state', 'validation', 'of', 'missing', 'refused', 'notes'], rounds));
  for (const { number, validation } of run.rounds)
    if (validation?.problem) lines.push(`round ${number}: validation not computable: ${validation.problem}`);
  const models = (results?.models ?? []).map((model) => [
    model.site ? `${model.origin} (${model.site})` : model.origin,
    ...(results?.metrics ?? []).map((name) => figure(model.overall.metrics[name], model.overall.bounds[name])),
    ofModel(model),
    model.digest,
  ]);
  if (results && models.length > 0)
    lines.push(
      ...['', 'on test data, over all sites:', ...formatTable(['model', ...results.metrics, 'of', 'digest'], models)],
      ...results.models
        .filter(({ missing }) => missing.length > 0)
        .map(({ origin, site, missing }) => `${site ? `${origin} (${site})` : origin}: without ${missing.join(', ')}`),
      ...results.models
        .filter(({ overall }) => overall.problem)
        .map(({ digest, overall }) => `${digest}: not computable: ${overall.problem}`),
    );
  if (isAnyUnresolved(run, results)) lines.push('', UNRESOLVED);
  return lines;
}

function isAnyUnresolved({ rounds }: RunView, results: RunResults | undefined): boolean {
  const shown = [
    ...rounds.map(({ validation }) => validation),
    ...(results?.models ?? []).map(({ overall }) => overall),
  ];
  return shown.some((figures) => Object.values(figures?.bounds ?? {}).some(isUnresolved));
}

/** Of whom the figures of a model on test data are. */
function ofModel({ sites, missing, overall }: RunResults['models'][number]): string {
  return ofSitesText(sites.length, sites.length + missing.length, overall.examples);
}

function roundsOf(run: RunView): string {
  return `${run.rounds.filter(({ state }) => state === 'closed').length}/${run.roundsPlanned}`;
}

function tooFewSites(error: unknown): never {
  if (errorCode(error) !== 'QUORUM_NOT_MET') throw error;
  const advice =
    "Fewer connected sites have the plan's dataset than its quorum asks for; the coordinator's page shows them.";
  throw new AdvisedError('QUORUM_NOT_MET', advice, {}, error);
}

async function connect(options: Options, environment: Environment): Promise<CoordinatorClient> {
  return connectTo(await chosenFolder(options.dir, environment.federationFolder));
}
