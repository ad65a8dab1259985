import { ConsiliumError } from '@consilium/errors';
import { fedavg } from './fedavg/index.js';
import { local } from './local/index.js';
import type { AggregationStrategy } from './strategy.js';

/** Every strategy there is. A new one is a folder and a line here. */
export const STRATEGIES: readonly AggregationStrategy[] = [fedavg, local];

/** Errors  PLAN_INVALID when there is no strategy of that name. */
export function strategyNamed(name: string): AggregationStrategy {
  const strategy = STRATEGIES.find((s) => s.name === name);
  if (strategy === undefined) throw new ConsiliumError('PLAN_INVALID', { strategy: name });
  return strategy;
}
