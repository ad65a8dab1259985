import { SeededRandom } from '../seeded-random.js';

export interface VolumePatient {
  readonly id: string;
  readonly sex: 'F' | 'M';
  readonly ageYears: number;
  readonly hasLesions: boolean;
  /** A second one shows the same body later, its lesions grown or shrunk. */
  readonly studies: 1 | 2;
}

export interface Population {
  readonly femaleShare: number;
  readonly ageYears: { readonly mean: number; readonly standardDeviation: number };
}

/** Every so manyth patient of each kind comes back. */
const SECOND_STUDY_EVERY = 4;

/** Within each sex as many patients have lesions as have none, to one; ages come from one distribution for both. */
export function makeVolumeRoster(
  { femaleShare, ageYears: { mean, standardDeviation } }: Population,
  siteId: string,
  seed: string | number,
  patients: number,
): VolumePatient[] {
  const random = new SeededRandom('volume roster', seed, siteId);
  const females = Math.round(patients * femaleShare);
  const seen = new Map<string, number>();
  const ids = new Set<string>();
  const all = Array.from({ length: patients }, (_, number): VolumePatient => {
    const sex = number < females ? 'F' : 'M';
    const hasLesions = (number - (sex === 'F' ? 0 : females - 1)) % 2 === 0;
    const kind = `${sex} ${hasLesions}`;
    const before = seen.get(kind) ?? 0;
    seen.set(kind, before + 1);
    const ageYears = Math.round(Math.min(95, Math.max(18, random.normal(mean, standardDeviation))));
    const id = freshId(random, siteId, ids);
    const studies = before % SECOND_STUDY_EVERY === SECOND_STUDY_EVERY - 1 ? 2 : 1;
    return { id, sex, ageYears, hasLesions, studies };
  });
  return random.shuffled(all);
}

/** A number that tells nothing: neither the order of the patients nor who has lesions. */
function freshId(random: SeededRandom, siteId: string, taken: Set<string>): string {
  for (;;) {
    const id = `${siteId}-${random.integer(10_000_000, 99_999_999)}`;
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}
