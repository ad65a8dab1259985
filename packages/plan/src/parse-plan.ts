import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { checkPlan, type PlanCheck, type PlanProblem, requirePlan } from './check-plan.js';
import type { Plan } from './schema.js';
import { shortened } from './shortened.js';

/** A plan is a page or two; what is longer is not one, and is not given to the parser. */
const MAXIMUM_CHARACTERS = 100_000;

const STRICT = {
  version: '1.2',
  schema: 'core',
  stringKeys: true,
  uniqueKeys: true,
  merge: false,
  resolveKnownTags: false,
  prettyErrors: false,
} as const;

/**
 * Reads a plan from YAML 1.2 or JSON, and says everything that is wrong with it, with the lines.
 * Duplicate keys, aliases, tags, merge keys and a second document are refused: a plan means what it shows.
 */
export function checkPlanText(text: string): PlanCheck {
  if (text.length > MAXIMUM_CHARACTERS)
    return refusal({ path: '', message: `is longer than ${MAXIMUM_CHARACTERS} characters` });
  const lines = new LineCounter();
  let document: Document.Parsed;
  let input: unknown;
  try {
    document = parseDocument(text, { ...STRICT, lineCounter: lines });
    // A tag that the core schema does not know is only a warning to the parser.
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0)
      return refusal(
        ...faults.slice(0, 10).map((fault) => ({
          path: '',
          message: shortened(fault.message, 200),
          line: lines.linePos(fault.pos[0]).line,
        })),
      );
    // YAML 1.1 reads the words yes, no, on and off as true and false, and 010 as 8.
    if (document.directives.yaml.version !== '1.2') return refusal({ path: '', message: 'must be YAML 1.2 or JSON' });
    input = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    // An alias, or a nesting deeper than the stack.
    return refusal({ path: '', message: `cannot be read: ${error instanceof Error ? error.message : 'unknown'}` });
  }
  const check = checkPlan(input);
  if (check.ok) return check;
  return refusal(
    ...check.problems.map((problem) => {
      const offset = offsetOf(document, problem.path);
      return offset === undefined ? problem : { ...problem, line: lines.linePos(offset).line };
    }),
  );
}

/** The resolved plan of a text in YAML 1.2 or JSON. Errors  PLAN_INVALID. */
export function parsePlan(text: string): Plan {
  return requirePlan(checkPlanText(text));
}

function refusal(...problems: PlanProblem[]): PlanCheck {
  return { ok: false, problems };
}

/** Where the text speaks of a path: the key itself, or the last group above it that is there. */
function offsetOf(document: Document.Parsed, path: string): number | undefined {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0];
  for (const step of path === '' ? [] : path.split('.')) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isScalar(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
