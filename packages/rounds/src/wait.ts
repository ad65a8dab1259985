/** What a round waits for, as data. */
export type RoundWait =
  | {
      readonly what: 'updates';
      readonly have: number;
      readonly quorum: number;
      readonly cohort: number;
      readonly sites: readonly string[];
      readonly deadlineAt: Date | null;
    }
  | { readonly what: 'aggregation'; readonly updates: number }
  | ({ readonly what: 'evaluations' } & EvaluationsWait);

/** What a run waits for, as data. */
export type RunWait =
  | { readonly what: 'launch' }
  | { readonly what: 'resume' }
  | {
      readonly what: 'answers';
      readonly have: number;
      readonly quorum: number;
      readonly sites: readonly string[];
      readonly deadlineAt: Date | null;
    }
  | {
      readonly what: 'sites';
      readonly have: number;
      readonly quorum: number;
      readonly sites: readonly string[];
      readonly deadlineAt: Date | null;
    }
  | { readonly what: 'round'; readonly number: number }
  | ({ readonly what: 'tests' } & EvaluationsWait);

interface EvaluationsWait {
  readonly have: number;
  readonly asked: number;
  readonly sites: readonly string[];
  readonly deadlineAt: Date | null;
}

/** Why something ended badly, as data. `code` is for machines; `sentenceOfReason` tells a person. */
export type Reason =
  | {
      readonly code: 'QUORUM_NOT_MET';
      readonly have: number;
      readonly quorum: number;
      /** Everyone who was asked and did not deliver, in site-id order. */
      readonly missing: readonly string[];
    }
  | { readonly code: 'CANDIDATE_NOT_FINITE' }
  | {
      readonly code: 'CANDIDATE_NOT_EVALUATED';
      /** Who said that it cannot, and the code of its error, in site-id order. */
      readonly failed: readonly { readonly site: string; readonly code: string }[];
      /** Who did not answer. */
      readonly missing: readonly string[];
    };

/** One sentence that tells a person what is awaited, from whom, and until when. */
export function sentenceOf(wait: RoundWait | RunWait): string {
  switch (wait.what) {
    case 'launch':
      return 'Waits for a person to start it.';
    case 'resume':
      return 'Paused: waits for a person to resume it.';
    case 'answers':
      return `Waits for the answer of ${list(wait.sites)}: ${wait.have} accepted, ${wait.quorum} needed${until(wait.deadlineAt)}.`;
    case 'sites':
      return `Waits for ${list(wait.sites)} to connect: ${wait.have} present, ${wait.quorum} needed${until(wait.deadlineAt)}.`;
    case 'round':
      return `Round ${wait.number} is under way.`;
    case 'updates':
      return `Waits for the update of ${list(wait.sites)}: ${wait.have} of ${wait.cohort} delivered, ${wait.quorum} needed${until(wait.deadlineAt)}.`;
    case 'aggregation':
      return `The coordinator aggregates ${wait.updates} updates.`;
    case 'evaluations':
      return `Waits for the evaluation of ${list(wait.sites)}: ${wait.have} of ${wait.asked} received${until(wait.deadlineAt)}.`;
    case 'tests':
      return `Waits for the test results of ${list(wait.sites)}: ${wait.have} of ${wait.asked} received${until(wait.deadlineAt)}.`;
  }
}

/** One sentence that tells a person why a round or a run ended badly. */
export function sentenceOfReason(reason: Reason): string {
  if (reason.code === 'CANDIDATE_NOT_FINITE') return 'The aggregated model holds NaN or infinite values.';
  if (reason.code === 'CANDIDATE_NOT_EVALUATED') {
    const failed = reason.failed.map(({ site, code }) => `${site} (${code})`);
    const parts = [
      ...(failed.length === 0 ? [] : [`it failed at ${list(failed)}`]),
      ...(reason.missing.length === 0 ? [] : [`no answer from ${list(reason.missing)}`]),
    ];
    return `No site could evaluate the candidate: ${parts.join('; ')}.`;
  }
  const missing = reason.missing.length === 0 ? '' : `; missing: ${list(reason.missing)}`;
  return `Too few sites: ${reason.have} of ${reason.quorum} needed${missing}.`;
}

/** To the second: nobody reads milliseconds. */
function until(deadlineAt: Date | null): string {
  return deadlineAt === null ? '' : `, until ${deadlineAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const MOST_NAMES = 12;

/** "a", "a and b", "a, b and c"; of very many the first, and how many more there are. */
function list(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? 'nobody';
  if (names.length > MOST_NAMES + 1)
    return `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} others`;
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
