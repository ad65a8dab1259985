import { expect, it } from 'vitest';
import { makeRoster } from './roster.js';
import { SITE_PROFILES } from './site-profiles.js';

const seeds = [1, 2, 3];

it('balances both classes within each site and sex, to one film', () => {
  for (const seed of seeds) {
    SITE_PROFILES.forEach((profile, index) => {
      const roster = makeRoster(profile, `site-${index}`, seed, profile.examples, 'classification');
      const count = (sex: string, label: string) =>
        roster.filter((entry) => entry.patient.sex === sex && entry.label === label).length;
      const [femaleCavity, femaleSolid] = [count('F', 'cavity'), count('F', 'solid')];
      const [maleCavity, maleSolid] = [count('M', 'cavity'), count('M', 'solid')];
      expect(Math.abs(femaleCavity - femaleSolid)).toBeLessThanOrEqual(1);
      expect(Math.abs(maleCavity - maleSolid)).toBeLessThanOrEqual(1);
      expect(Math.abs(femaleCavity + maleCavity - femaleSolid - maleSolid)).toBeLessThanOrEqual(1);
      expect(roster).toHaveLength(profile.examples);
      expect((femaleCavity + femaleSolid) / roster.length).toBeCloseTo(profile.femaleShare, 1);
    });
  }
});

it('gives both classes the same ages', () => {
  const ages = { cavity: [] as number[], solid: [] as number[] };
  for (const seed of seeds) {
    for (const profile of SITE_PROFILES) {
      for (const { label, patient } of makeRoster(profile, 'a', seed, 100, 'classification')) {
        ages[label!].push(patient.ageYears - profile.ageYears.mean);
      }
    }
  }
  const mean = (list: number[]) => list.reduce((sum, age) => sum + age, 0) / list.length;
  // 1,200 films of a class, a standard deviation of 13 years: three standard errors of the difference are 1.6 years.
  expect(Math.abs(mean(ages.cavity) - mean(ages.solid))).toBeLessThan(1.6);
});

it('lets some patients come back, always with the same class, sex and age', () => {
  const roster = makeRoster(SITE_PROFILES[0]!, 'a', 1, 120, 'classification');
  const byPatient = Map.groupBy(roster, (entry) => entry.patient.id);
  const returning = [...byPatient.values()].filter((entries) => entries.length > 1);
  expect(returning.length).toBeGreaterThan(8);
  for (const entries of returning) {
    expect(entries).toHaveLength(2);
    expect(entries[0]!.label).toBe(entries[1]!.label);
    expect(entries.map((entry) => entry.film).sort()).toEqual([0, 1]);
  }
});
