import { SeededRandom } from '../seeded-random.js';
import { PHANTOM_LABELS, type PhantomLabel, type PhantomPatient, type PhantomTask } from './film.js';
import type { SiteProfile } from './site-profiles.js';

/** One film to take: whose, the how-manyth of that patient, and its class. */
export interface RosterEntry {
  readonly patient: PhantomPatient;
  readonly film: number;
  readonly label: PhantomLabel | undefined;
}

/** Every so manyth patient of a class and sex comes back for a second film of the same class. */
const SECOND_FILM_EVERY = 8;

/**
 * The films of a site. Within each sex both classes occur equally often (to one film), so the class tells nothing of sex or
 * site; ages come from one distribution for both.
 */
export function makeRoster(
  profile: SiteProfile,
  siteId: string,
  seed: string | number,
  examples: number,
  task: PhantomTask,
): RosterEntry[] {
  const random = new SeededRandom('roster', seed, siteId, task);
  const females = Math.round(examples * profile.femaleShare);
  const entries: RosterEntry[] = [];
  // The odd film of one sex goes to one class, that of the other sex to the other one.
  for (const [sex, films, first] of [
    ['F', females, 0],
    ['M', examples - females, 1],
  ] as const) {
    const patients: (PhantomPatient | undefined)[] = [undefined, undefined];
    const counts = [0, 0];
    for (let i = 0; i < films; i++) {
      const group = (i + first) % 2;
      const last = patients[group];
      const isSecondFilm = last !== undefined && counts[group]! % SECOND_FILM_EVERY === SECOND_FILM_EVERY - 1;
      const patient = isSecondFilm ? last : makePatient(random, profile, siteId, sex, entries.length);
      counts[group]!++;
      patients[group] = isSecondFilm ? undefined : patient;
      const label = task === 'classification' ? PHANTOM_LABELS[group] : undefined;
      entries.push({ patient, film: isSecondFilm ? 1 : 0, label });
    }
  }
  return random.shuffled(entries);
}

function makePatient(
  random: SeededRandom,
  profile: SiteProfile,
  siteId: string,
  sex: 'F' | 'M',
  number: number,
): PhantomPatient {
  const { mean, standardDeviation } = profile.ageYears;
  const ageYears = Math.round(Math.min(95, Math.max(18, random.normal(mean, standardDeviation))));
  // A number that tells nothing: neither the order of the films nor the class.
  const id = `${siteId}-${random.integer(100_000, 999_999)}-${number}`;
  return { id, sex, ageYears };
}
