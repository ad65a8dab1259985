import { type Plan, planSchema } from '@consilium/plan';
import { expect, it } from 'vitest';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { examplesOf, requireLargeDifferences, requireSuitable } from './eligible.js';

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

const declined = (problem: string) => expect.objectContaining({ code: 'DATASET_UNSUITABLE', detail: { problem } });
/** As a site asks for a plan with this selection, after it has agreed to those. */
const ask = (select: object | undefined, earlier: object[] = [], of = index) => {
  const plan = select === undefined ? SMALL_PLAN : selecting(select);
  return () => requireLargeDifferences(of, plan, earlier as never[]);
};

it('declines a selection that could point at single patients', () => {
  const narrow = { ageFrom: 90, sexes: ['M'], viewPositions: ['AP'] };
  expect(ask(narrow)).toThrow(declined('the plan selects fewer than 5 patients of the part train'));
  const four = { ...index, examples: examples.filter(({ part }, i) => part !== 'test' || i % 9 === 0) };
  expect(ask({ sexes: ['F', 'M'] }, [], four)).toThrow(
    declined('the plan selects fewer than 5 patients of the part test'),
  );
});

/** Of each part, so many patients of 90 and more beside thirty of 40 to 49. */
function withOldOnes(old: number): DatasetIndex {
  const of = (part: IndexExample['part'], ageBand: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...examples[0]!, part, ageBand, patient: `${part}-${ageBand}-${i}` }));
  const parts = ['train', 'validation', 'test'] as const;
  return { ...index, examples: parts.flatMap((part) => [...of(part, '40-49', 30), ...of(part, '90+', old)]) };
}

it.each([
  [1, false],
  [4, false],
  [5, true],
  [0, true],
])('a selection that leaves out the %i patients of 90 and more is %s', (old, isFine) => {
  const asked = ask({ ageBelow: 90 }, [], withOldOnes(old));
  if (isFine) expect(asked).not.toThrow();
  else expect(asked).toThrow(declined('the plan leaves out fewer than 5 patients of the part train'));
});

it('declines what differs from earlier runs on the same version by a few patients, in whatever order they are asked', () => {
  const of = withOldOnes(3);
  const forties = { ageFrom: 40, ageBelow: 50 };
  // By itself each of the two is fine where nobody is left over; both together single three patients out.
  const both = {
    ...of,
    examples: [
      ...of.examples,
      ...withOldOnes(0).examples.map((e) => ({ ...e, ageBand: '70-79', patient: `s${e.patient}` })),
    ],
  };
  expect(ask({ ageFrom: 50 }, [], both)).not.toThrow();
  expect(ask({ ageFrom: 50 }, [{ ageFrom: 70, ageBelow: 80 }], both)).toThrow(
    declined('the plan differs from selections of earlier runs by fewer than 5 patients of the part train'),
  );
  expect(ask({ ageFrom: 70, ageBelow: 80 }, [{ ageFrom: 50 }], both)).toThrow(
    declined('the plan differs from selections of earlier runs by fewer than 5 patients of the part train'),
  );
  expect(ask(forties, [forties, forties], both)).not.toThrow();
  expect(ask(undefined, [{ ageFrom: 50 }], both)).not.toThrow();
});

it('declines three selections of which no two differ by few, but what is left of all does', () => {
  const unknown = examples.map((example, i) => (i % 36 < 3 ? { ...example, sex: '' } : example)) as IndexExample[];
  const of = { ...index, examples: unknown };
  expect(ask({ sexes: ['F'] }, [], of)).not.toThrow();
  expect(ask({ sexes: ['M'] }, [], of)).not.toThrow();
  expect(ask({ sexes: ['M'] }, [{ sexes: ['F'] }], of)).toThrow(
    declined('the plan differs from selections of earlier runs by fewer than 5 patients of the part train'),
  );
});

it('for every set of selections, no group that their differences can form has one to four patients', () => {
  const random = (n: number) => Math.floor(Math.random() * n);
  for (let trial = 0; trial < 300; trial++) {
    const agreed: object[] = [];
    const some = examples.filter(() => random(3) > 0);
    const of = { ...index, examples: some };
    for (let n = 0; n < 4; n++) {
      const from = 10 * random(10);
      const select = { ...(random(2) ? { ageFrom: from } : { sexes: [random(2) ? 'F' : 'M'] }) };
      try {
        ask(select, agreed, of)();
        agreed.push(select);
      } catch {}
    }
    for (const part of ['train', 'validation', 'test'] as const) {
      const member = agreed.map((select) => new Set(examplesOf(of, selecting(select), part)));
      const groups = Map.groupBy(
        some.filter((e) => e.part === part),
        (e) => member.map((set) => set.has(e)).join(),
      );
      if (agreed.length > 0)
        for (const group of groups.values())
          expect(new Set(group.map(({ patient }) => patient)).size).toBeGreaterThanOrEqual(5);
    }
  }
});
