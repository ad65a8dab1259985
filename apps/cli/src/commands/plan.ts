import { readFile } from 'node:fs/promises';
import { MAXIMUM_PARAMETERS, modelPorts, parameterCount } from '@consilium/models';
import {
  canonicalPlan,
  checkPlanText,
  type Plan,
  type PlanCheck,
  type PlanProblem,
  planHash,
  planProse,
} from '@consilium/plan';
import { AdvisedError } from '../failure.js';
import { print, printJson } from '../terminal.js';

interface ValidateOptions {
  readonly json?: boolean;
  readonly maximumParameters?: number;
}

/** `consilium plan validate`. */
export async function validatePlan(file: string, options: ValidateOptions): Promise<void> {
  const check = checkSize(checkPlanText(await readPlanFile(file)), options.maximumParameters ?? MAXIMUM_PARAMETERS);
  if (options.json)
    printJson(
      check.ok
        ? { ok: true, name: check.plan.name, hash: planHash(check.plan), parameters: parametersOf(check.plan) }
        : check,
    );
  else if (check.ok) {
    print(`${file} is a valid plan: ${check.plan.name}, hash ${planHash(check.plan)}`);
    print(`Its model has ${parametersOf(check.plan)} parameters.`);
  } else for (const problem of check.problems) print(`${file}${problemLine(problem)}`);
  if (!check.ok) process.exitCode = 1;
}

/** A plan whose model is larger than the bound that coordinators and sites have by themselves is not worth submitting. */
function checkSize(check: PlanCheck, most: number): PlanCheck {
  if (!check.ok) return check;
  const parameters = parametersOf(check.plan);
  if (parameters <= most) return check;
  const message =
    `has ${parameters} parameters, more than ${most}: a coordinator and sites take more only where ` +
    'CONSILIUM_MAXIMUM_PARAMETERS and "maximumParameters" of site.json say so (--maximum-parameters checks by their bound)';
  return { ok: false, problems: [{ path: 'model', message }] };
}

function parametersOf(plan: Plan): number {
  return parameterCount(plan.model, modelPorts(plan));
}

/** `consilium plan show`. */
export async function showPlan(file: string, options: { readonly json?: boolean }): Promise<void> {
  const plan = await loadPlan(file);
  if (options.json) print(new TextDecoder().decode(canonicalPlan(plan)));
  else print([...planProse(plan).split('\n'), `Hash: ${planHash(plan)}`]);
}

/** Errors  NOT_FOUND; PLAN_INVALID with every problem as a fact. */
export async function loadPlan(file: string): Promise<Plan> {
  const check = checkPlanText(await readPlanFile(file));
  if (check.ok) return check.plan;
  const facts = check.problems.map((problem, index) => [`${index + 1}`, `${file}${problemLine(problem)}`] as const);
  throw new AdvisedError('PLAN_INVALID', 'Correct the lines above.', Object.fromEntries(facts));
}

/** `:12: model.baseFilter is not a word of the vocabulary; did you mean baseFilters?` */
export function problemLine({ path, message, line, nearest }: PlanProblem): string {
  const place = line === undefined ? ': ' : `:${line}: `;
  return `${place}${path ? `${path} ` : 'the plan '}${message}${nearest ? `; did you mean ${nearest}?` : ''}`;
}

async function readPlanFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new AdvisedError('NOT_FOUND', 'Check the name of the file.', { file }, error);
  }
}
