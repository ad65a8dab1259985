import { expect, it } from 'vitest';
import { checkPlan, planHash, planProse, resolvePlan } from './index.js';
import { NODULE_PLAN } from './nodule-plan.fixture.js';

const selecting = (select: object) => ({ ...NODULE_PLAN, data: { ...NODULE_PLAN.data, select } });
const problems = (select: object) => {
  const check = checkPlan(selecting(select));
  return check.ok ? [] : check.problems.map(({ path, message, nearest }) => [path, message, nearest]);
};

it('a selection is part of what is hashed and of what a hospital reads', () => {
  const plan = resolvePlan(selecting({ bodyParts: ['CHEST'], sexes: ['F', 'M'], ageFrom: 40, ageBelow: 80 }));
  expect(planHash(plan)).not.toBe(planHash(resolvePlan(NODULE_PLAN)));
  const prose = planProse(plan).replace(/\s+/g, ' ');
  expect(prose).toContain('body part CHEST; sex F or M; age from 40 years on and below 80 years.');
  expect(planProse(resolvePlan(NODULE_PLAN))).not.toContain('Only some');
});

it('refuses a selection of nothing, of ages that no band has, and of words that no header has', () => {
  expect(problems({})).toEqual([['data.select', 'must name something to select by', undefined]]);
  expect(problems({ ageFrom: 45 })[0]![0]).toBe('data.select.ageFrom');
  expect(problems({ ageFrom: 60, ageBelow: 60 })).toEqual([
    ['data.select.ageBelow', 'must be above ageFrom', undefined],
  ]);
  expect(problems({ bodyParts: ['chest'] })[0]![1]).toBe('must be a code in capital letters, as DICOM has it');
  expect(problems({ viewPosition: ['PA'] })).toContainEqual([
    'data.select.viewPosition',
    'is not a word of the vocabulary',
    'viewPositions',
  ]);
});
