import { STRATEGIES } from '@consilium/aggregation';
import { planSchema } from '@consilium/plan';
import { expect, it } from 'vitest';

it('the vocabulary of plans names exactly the strategies that there are', () => {
  const words = planSchema.shape.strategy.options.map((option) => option.shape.name.value);
  expect(words.sort()).toEqual(STRATEGIES.map((s) => s.name).sort());
});
