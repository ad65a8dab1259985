import { ConsiliumError } from '@consilium/errors';

/** What may be left of a file beyond the Basic Profile. Each word of it is from a closed list; UIDs never stay. */
export interface DeidentificationPolicy {
  /** Patient's Sex: needed to see whether a model serves everybody. */
  readonly sex: 'kept' | 'removed';
  /** Patient's Age: the first year of its band of ten, or the year itself; from 90 on always 90. */
  readonly age: 'band' | 'years' | 'removed';
  /** Patient's Size and Weight. */
  readonly bodySize: 'kept' | 'removed';
  /** Manufacturer, model and software versions; serial numbers, station names and the like never stay. */
  readonly device: 'model' | 'removed';
  /** Dates go back by a secret number of days, one number a patient; times of day stay. */
  readonly dates: 'removed' | 'shifted';
  /** Free texts lose the words that repeat a removed value or look like one. */
  readonly descriptions: 'removed' | 'cleaned';
  /** The content tree of structured reports stays, its texts treated like descriptions. */
  readonly structuredContent: 'removed' | 'cleaned';
  /** Overlays that show no text stay, and graphic annotations with their texts treated like descriptions. */
  readonly graphics: 'removed' | 'cleaned';
  /** Private elements of these creators stay, as far as their VRs can be judged. */
  readonly privateCreators: readonly string[];
}

export const DEFAULT_POLICY: DeidentificationPolicy = {
  sex: 'kept',
  age: 'band',
  bodySize: 'removed',
  device: 'model',
  dates: 'removed',
  descriptions: 'removed',
  structuredContent: 'removed',
  graphics: 'removed',
  privateCreators: [],
};

const WORDS: Readonly<Record<Exclude<keyof DeidentificationPolicy, 'privateCreators'>, readonly string[]>> = {
  sex: ['kept', 'removed'],
  age: ['band', 'years', 'removed'],
  bodySize: ['kept', 'removed'],
  device: ['model', 'removed'],
  dates: ['removed', 'shifted'],
  descriptions: ['removed', 'cleaned'],
  structuredContent: ['removed', 'cleaned'],
  graphics: ['removed', 'cleaned'],
};

const CREATORS_AT_MOST = 100;

/**
 * A policy from JSON; what it does not say has the safe default.
 *
 * Errors   DEIDENTIFICATION_POLICY_INVALID, with every problem at once: an unknown field, a word that is not in the list.
 */
export function parsePolicy(json: unknown): DeidentificationPolicy {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid(['a policy is an object']);
  const problems: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === 'privateCreators') {
      if (!isCreatorList(value)) problems.push('privateCreators: a list of names of up to 64 characters, at most 100');
    } else if (!Object.hasOwn(WORDS, name)) problems.push('unknown field');
    else if (!WORDS[name as keyof typeof WORDS].includes(value as string))
      problems.push(`${name}: one of ${WORDS[name as keyof typeof WORDS].join(', ')}`);
  }
  if (problems.length > 0) throw invalid(problems);
  return { ...DEFAULT_POLICY, ...json };
}

function isCreatorList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > CREATORS_AT_MOST) return false;
  return value.every((name) => typeof name === 'string' && name.trim() !== '' && name.length <= 64);
}

function invalid(problems: readonly string[]): ConsiliumError {
  return new ConsiliumError('DEIDENTIFICATION_POLICY_INVALID', { problem: problems.join('; ') });
}

/** Codes of CID 7050 for what a policy does, scheme DCM: profile first, then the options that it uses. */
export function methodCodes(policy: DeidentificationPolicy): readonly (readonly [code: string, meaning: string])[] {
  const codes: [string, string][] = [['113100', 'Basic Application Confidentiality Profile']];
  if (policy.graphics === 'cleaned') codes.push(['113103', 'Clean Graphics Option']);
  if (policy.structuredContent === 'cleaned') codes.push(['113104', 'Clean Structured Content Option']);
  if (policy.descriptions === 'cleaned') codes.push(['113105', 'Clean Descriptors Option']);
  if (policy.dates === 'shifted')
    codes.push(['113107', 'Retain Longitudinal Temporal Information Modified Dates Option']);
  if (policy.sex === 'kept' || policy.age !== 'removed' || policy.bodySize === 'kept')
    codes.push(['113108', 'Retain Patient Characteristics Option']);
  if (policy.privateCreators.length > 0) codes.push(['113111', 'Retain Safe Private Option']);
  return codes;
}
