import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STRATEGIES, strategyNamed } from './registry.js';

it('finds each strategy by the name of its folder', () => {
  const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true }).filter((e) => e.isDirectory());
  expect(STRATEGIES.map((s) => s.name).sort()).toEqual(folders.map((f) => f.name).sort());
  for (const strategy of STRATEGIES) expect(strategyNamed(strategy.name)).toBe(strategy);
});

it('refuses a name that it does not know', () => {
  for (const name of ['fedsgd', '', 'constructor'])
    expect(() => strategyNamed(name)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }));
});
