import { type Plan, planSchema } from '@consilium/plan';
import { expect, it } from 'vitest';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { examplesOf, requireSuitable } from './eligible.js';

const AGES = ['0-9', '30-39', '40-49', '70-79', '90+', 'unknown'];
/** Six patients of each age, one after the other in train, validation and test. */
const examples = Array.from({ length: 108 }, (_, i): IndexExample => {
  const part = (['train', 'validation', 'test'] as const)[Math.floor(i / 36)]!;
  return {
    ...{ id: String(i), patient: `p${i}`, study: `s${i}`, part, label: null, mask: '0', modality: 'CR' },
    ...{ sex: i % 2 ? 'F' : 'M', ageBand: AGES[i % 6]!, manufacturer: '', model: '', rows: 8, columns: 8 },
    ...{ bodyPart: i % 3 ? 'CHEST' : '', viewPosition: i % 4 ? 'PA' : 'AP' },
    image: { digest: '0', kind: 'float32' },
  };
});
const index: DatasetIndex = { format: 'consilium-dataset/1', classes: [], examples };

const selecting = (select: object): Plan => planSchema.parse({ ...SMALL_PLAN, data: { ...SMALL_PLAN.data, select } });
const selected = (select: object) => examplesOf(index, selecting(select), 'train');

it('selects by what headers say, and leaves out where they do not say', () => {
  expect(new Set(selected({ ageFrom: 40 }).map(({ ageBand }) => ageBand))).toEqual(new Set(['40-49', '70-79', '90+']));
  expect(new Set(selected({ ageBelow: 40 }).map(({ ageBand }) => ageBand))).toEqual(new Set(['0-9', '30-39']));
  expect(selected({ sexes: ['F'] })).toHaveLength(18);
  expect(selected({ bodyParts: ['CHEST'], viewPositions: ['AP'] })).toHaveLength(6);
  expect(examplesOf(index, SMALL_PLAN, 'train')).toHaveLength(36);
});

it('the example count of the answer is that of the selection', () => {
  expect(requireSuitable(index, selecting({ ageFrom: 40 }))).toBe(18);
});

it('declines a selection that could point at single patients', () => {
  const narrow = selecting({ ageFrom: 90, sexes: ['M'], viewPositions: ['AP'] });
  expect(() => requireSuitable(index, narrow)).toThrow(expect.objectContaining({ code: 'DATASET_UNSUITABLE' }));
  const four = { ...index, examples: examples.filter(({ part }, i) => part !== 'test' || i % 9 === 0) };
  expect(() => requireSuitable(four, selecting({ sexes: ['F', 'M'] }))).toThrow(
    expect.objectContaining({ detail: { problem: 'the plan selects fewer than 5 patients of the part test' } }),
  );
});
