import { expect, it } from 'vitest';
import { CT_SITE_PROFILES } from '../phantom-ct/ct-profiles.js';
import { takeCtStudy } from '../phantom-ct/take-ct-study.js';
import { MR_SITE_PROFILES } from '../phantom-mr/mr-profiles.js';
import { takeMrStudy } from '../phantom-mr/take-mr-study.js';
import { SeededRandom } from '../seeded-random.js';
import { auroc, fit, type Sample, standardised } from '../shortcut.fixture.js';
import { makeVolumeRoster, type Population } from './volume-roster.js';
import type { PhantomSeries, VolumeStudyOrder } from './volume-study.js';

const PATIENTS = 10;
const MATRIX = 32;

/** A slice's mean, spread and share of bright pixels, and its place among the slices. */
function slicesOf(series: PhantomSeries, isTraining: boolean): Sample[] {
  const { images } = series.source;
  // Neighbours are alike: every second slice will do.
  const places = images.map((_, k) => k).filter((k) => k % 2 === 1);
  return places.map((k) => {
    const { stored } = series.sliceAt(k);
    const values = Float64Array.from(stored);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const bright = values.reduce((sum, value) => sum + (value > mean ? 1 : 0), 0) / values.length;
    const label = series.lesions.some(({ masks }) => masks[k]!.includes(1)) ? 1 : 0;
    return { features: [mean, spread, bright, k / images.length], label, isTraining };
  });
}

/** Slices of the first series of every patient's first study; patients are split, not slices. */
function samplesOf(
  population: Population,
  name: string,
  seed: number,
  take: (order: VolumeStudyOrder) => PhantomSeries[],
): Sample[] {
  const split = new SeededRandom('split', name, seed);
  const samples = makeVolumeRoster(population, name, seed, PATIENTS).flatMap((patient) => {
    const [series] = take({ seed, siteId: name, patient, study: 0, matrix: MATRIX });
    return slicesOf(series!, split.chance(0.6));
  });
  return standardised(samples);
}

it.each([
  [
    'nodule of a CT slice',
    (seed: number) =>
      CT_SITE_PROFILES.map((profile, k) =>
        samplesOf(profile, `ct-${k}`, seed, (order) => takeCtStudy({ ...order, profile })),
      ),
  ],
  [
    'lesion of an MR slice',
    (seed: number) =>
      MR_SITE_PROFILES.map((profile, k) =>
        samplesOf(profile, `mr-${k}`, seed, (order) => takeMrStudy({ ...order, profile })),
      ),
  ],
])(
  'a %s cannot be told from mean, spread, bright share and height: AUROC stays below .65',
  (name, samplesAt) => {
    const all = [1, 2].flatMap((seed) => samplesAt(seed).flat());
    const score = fit(all.filter(({ isTraining }) => isTraining));
    const test = all.filter(({ isTraining }) => !isTraining);
    const overall = auroc(test, score);
    const share = all.filter(({ label }) => label === 1).length / all.length;
    console.info(
      `${name}: AUROC ${overall.toFixed(3)} on ${test.length} slices; ${(100 * share).toFixed(0)} % of slices have one`,
    );
    expect(overall).toBeLessThan(0.65);
    expect(overall).toBeGreaterThan(0.35); // nor the other way round
    expect(share).toBeGreaterThan(0.1);
  },
  180_000,
);
