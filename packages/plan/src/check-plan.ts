import { ConsiliumError } from '@consilium/errors';
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { type Plan, planSchema } from './schema.js';
import { shortened } from './shortened.js';

/** One thing that is wrong with a plan. */
export interface PlanProblem {
  /** Where: `model.baseFilters`, `task.classes.1`; empty for the plan as a whole. */
  readonly path: string;
  readonly message: string;
  /** The word of the vocabulary that was probably meant. */
  readonly nearest?: string;
  /** Line of the text, from 1, when the plan came as text. */
  readonly line?: number;
}

export type PlanCheck =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/**
 * Reads a plan as a researcher writes it, and says everything that is wrong with it at once, sorted by path.
 * The plan that comes back has every default written out, and checks to itself.
 */
export function checkPlan(input: unknown): PlanCheck {
  const knownKeys = new Map<string, readonly string[]>();
  const parsed = planSchema.safeParse(input, { error: (issue) => rememberKeys(issue, knownKeys) });
  if (parsed.success) return { ok: true, plan: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, input, knownKeys));
  return { ok: false, problems: problems.sort((a, b) => byText(a.path, b.path) || byText(a.message, b.message)) };
}

/** Errors  PLAN_INVALID, whose detail holds the first problem and how many there are. */
export function requirePlan(check: PlanCheck): Plan {
  if (check.ok) return check.plan;
  const [first] = check.problems;
  throw new ConsiliumError('PLAN_INVALID', {
    at: first?.path ?? '',
    problem: first?.message ?? '',
    problems: check.problems.length,
  });
}

/** The plan with every default written out. Errors  PLAN_INVALID. */
export function resolvePlan(input: unknown): Plan {
  return requirePlan(checkPlan(input));
}

/** The schema of an object with unknown keys is at hand only here, while zod words its messages. */
function rememberKeys(issue: z.core.$ZodRawIssue, into: Map<string, readonly string[]>): undefined {
  if (issue.code === 'unrecognized_keys' && issue.inst !== undefined && 'shape' in issue.inst)
    into.set(pathText(issue.path ?? []), Object.keys(issue.inst.shape as object));
}

function problemsOf(
  issue: z.core.$ZodIssue,
  input: unknown,
  knownKeys: ReadonlyMap<string, readonly string[]>,
): PlanProblem[] {
  const path = pathText(issue.path);
  const value = valueAt(input, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys.get(path) ?? [];
    return issue.keys.map((key) =>
      withNearest(pathText([...issue.path, key]), 'is not a word of the vocabulary', key, known),
    );
  }
  if (issue.code === 'invalid_value') return [oneOf(path, value, issue.values)];
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options))
    return [oneOf(path, value, issue.options)];
  if (value === undefined && issue.code !== 'custom') return [{ path, message: 'is missing' }];
  return [{ path, message: messageOf(issue) }];
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_format':
      return `must be ${issue.message}`;
    case 'invalid_type':
      return `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return sizeMessage(issue.origin, issue.inclusive === false ? 'more than' : 'at least', Number(issue.minimum));
    case 'too_big':
      return sizeMessage(issue.origin, issue.inclusive === false ? 'less than' : 'at most', Number(issue.maximum));
    default:
      return 'is not valid';
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of named values',
};

function sizeMessage(origin: string, relation: string, limit: number): string {
  if (origin === 'string') return `must have ${relation} ${limit} characters`;
  if (origin === 'array') return `must have ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `must be ${relation} ${limit}`;
}

function oneOf(path: string, value: unknown, known: readonly unknown[]): PlanProblem {
  const words = known.map(String);
  const message = words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}`;
  if (value === undefined) return { path, message: `is missing; ${message}` };
  return typeof value === 'string' ? withNearest(path, message, value, words) : { path, message };
}

function withNearest(path: string, message: string, written: string, known: readonly string[]): PlanProblem {
  const nearest = nearestWord(written, known);
  return nearest === undefined ? { path, message } : { path, message, nearest };
}

/** The known word that was probably meant: at most two fifths of its letters differ, or one of the two holds the other. */
export function nearestWord(written: string, known: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const bare = letters(written);
  const ranked = known
    .map((word) => ({ word, steps: distance(bare, letters(word)) }))
    .sort((a, b) => a.steps - b.steps || byText(a.word, b.word));
  const [best] = ranked;
  if (best !== undefined && best.steps <= 0.4 * letters(best.word).length) return best.word;
  return bare.length < 3
    ? undefined
    : ranked.find(({ word }) => letters(word).includes(bare) || bare.includes(letters(word)))?.word;
}

function letters(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => shortened(String(step), 64)).join('.');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
