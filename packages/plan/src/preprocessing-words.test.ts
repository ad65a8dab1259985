import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  canonicalPlan,
  checkPlan,
  type PlanInput,
  planFromCanonical,
  planHash,
  planProse,
  resolvePlan,
} from './index.js';
import { NODULE_PLAN } from './nodule-plan.fixture.js';

const withSteps = (steps: object): PlanInput => ({
  ...NODULE_PLAN,
  preprocessing: { ...NODULE_PLAN.preprocessing, ...steps },
});
const stepsOf = (steps: object) => resolvePlan(withSteps(steps)).preprocessing;
const problemsOf = (steps: object, input: object = withSteps(steps)) => {
  const check = checkPlan(input);
  return check.ok
    ? []
    : check.problems.map(({ path, message, nearest }) => [path.split('.').slice(1).join('.'), message, nearest]);
};

interface OldPlan {
  readonly hash: string;
  /** SHA-256 of its prose. */
  readonly prose: string;
  readonly plan: unknown;
}

/** The plans of the catalogue as they were before preprocessing had steps, with what that vocabulary made of them. */
const OLD_PLANS = JSON.parse(
  readFileSync(new URL('golden/first-plans.json', import.meta.url), 'utf8'),
) as readonly OldPlan[];

it('plans of before there were steps keep their bytes, hashes and sentences', () => {
  expect(OLD_PLANS).toHaveLength(6);
  for (const { hash, prose, plan: written } of OLD_PLANS) {
    const plan = resolvePlan(written);
    expect(plan).toEqual(written);
    expect(planHash(plan)).toBe(hash);
    expect(planFromCanonical(canonicalPlan(plan), hash)).toEqual(plan);
    expect(createHash('sha256').update(planProse(plan)).digest('hex')).toBe(prose);
  }
});

it('a step that is not named is not in the resolved plan; one that is named has all its numbers', () => {
  expect(Object.keys(stepsOf({})).sort()).toEqual(['fit', 'height', 'intensity', 'width']);
  expect(
    stepsOf({
      denoise: { kind: 'median' },
      spacingMm: { row: 0.8, column: 0.7 },
      contrast: { kind: 'clahe' },
      crop: { kind: 'foreground' },
    }),
  ).toMatchObject({
    denoise: { kind: 'median', radius: 1 },
    spacingMm: { row: 0.8, column: 0.7 },
    contrast: { kind: 'clahe', tiles: 8, clipLimit: 2 },
    crop: { kind: 'foreground', marginPixels: 0 },
  });
  expect(stepsOf({ denoise: { kind: 'gaussian' } }).denoise).toEqual({ kind: 'gaussian', sigmaPixels: 1 });
});

it('a preset writes its numbers into the plan, and the plan comes back from its bytes', () => {
  const plan = resolvePlan(withSteps({ intensity: { kind: 'window', preset: 'lung' } }));
  expect(plan.preprocessing.intensity).toEqual({ kind: 'window', preset: 'lung', centre: -600, width: 1500 });
  expect(planFromCanonical(canonicalPlan(plan), planHash(plan))).toEqual(plan);
  expect(planProse(plan).replace(/\s+/g, ' ')).toContain(
    'centre -600 and width 1500, in modality values (the preset lung)',
  );
  const plain = resolvePlan(withSteps({ intensity: { kind: 'window', centre: -600, width: 1500 } }));
  expect(plain.preprocessing.intensity).toEqual({ kind: 'window', centre: -600, width: 1500 });
});

it.each([
  [{ intensity: { kind: 'window', preset: 'lungs' } }, 'intensity.preset', /^must be one of abdomen, bone, /, 'lung'],
  [
    { intensity: { kind: 'window', preset: 'lung', width: 1400 } },
    'intensity.width',
    /^must be 1500, or without the preset lung$/,
  ],
  [
    { intensity: { kind: 'window', centre: 40 } },
    'intensity.width',
    /^is missing; a window has a preset, or a centre and a width$/,
  ],
  [{ intensity: { kind: 'window', center: 40, width: 80 } }, 'intensity.center', /^is not a word/, 'centre'],
  [{ intensity: { kind: 'window', centre: 40, width: 0 } }, 'intensity.width', /^must be more than 0$/],
  [{ intensity: { kind: 'minmax' } }, 'intensity.kind', /^must be one of/, 'min-max'],
  [{ intensity: { kind: 'z-score', over: 'picture' } }, 'intensity.over', /^must be foreground$/],
  [{ contrast: { kind: 'equalize' } }, 'contrast.kind', /^must be one of equalise, clahe$/, 'equalise'],
  [{ contrast: { kind: 'clahe', clipLimit: 0.5 } }, 'contrast.clipLimit', /^must be at least 1$/],
  [{ contrast: { kind: 'clahe' }, intensity: { kind: 'z-score' } }, 'contrast', /^needs grey values from 0 to 1/],
  [{ spacing: { row: 1, column: 1 } }, 'spacing', /^is not a word/, 'spacingMm'],
  [{ spacingMm: 1 }, 'spacingMm', /^must be a group of named values$/],
  [{ spacingMm: { row: 1, column: 0 } }, 'spacingMm.column', /^must be at least 0.01$/],
  [{ denoise: { kind: 'median', radius: 4 } }, 'denoise.radius', /^must be at most 3$/],
  [{ denoise: { kind: 'gaussian', sigma: 1 } }, 'denoise.sigma', /^is not a word/, 'sigmaPixels'],
  [
    { crop: { kind: 'center', height: 9, width: 9 } },
    'crop.kind',
    /^must be one of centre, centre-mm, foreground$/,
    'centre',
  ],
  [{ crop: { kind: 'centre-mm', heightMm: 300 } }, 'crop.widthMm', /^is missing$/],
])('%o is an error at %s', (steps, path, message, nearest?: string) => {
  expect(problemsOf(steps)).toContainEqual([path, expect.stringMatching(message), nearest]);
});

it('a preset is for CT alone', () => {
  const input = {
    ...withSteps({ intensity: { kind: 'window', preset: 'bone' } }),
    data: { dataset: 'chest', modality: 'CR' },
  };
  expect(problemsOf({}, input)).toEqual([['intensity.preset', expect.stringContaining('Hounsfield'), undefined]]);
});
