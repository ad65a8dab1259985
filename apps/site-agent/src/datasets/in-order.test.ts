import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inOrder } from './in-order.js';

it('gives results in the order of the items, whichever is done first, and keeps to number and weight', async () => {
  const running = new Set<number>();
  const seen: number[][] = [];
  const weights = [1, 1, 1, 5, 9, 1, 1];
  const work = async (item: number) => {
    running.add(item);
    seen.push([...running]);
    await delay(10 - item);
    running.delete(item);
    return item;
  };
  const results: number[] = [];
  const atOnce = { items: 3, weight: 6, weigh: (item: number) => weights[item]! };
  for await (const result of inOrder(weights.keys(), atOnce, work)) results.push(result);
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(Math.max(...seen.map((now) => now.length))).toBe(3);
  const weightOf = (now: number[]) => now.reduce((sum, item) => sum + weights[item]!, 0);
  expect(seen.filter((now) => now.length > 1 && weightOf(now) > 6)).toEqual([]);
  expect(seen).toContainEqual([4]);
});

it('tells a failure where its item would come, after what was before it', async () => {
  const results: number[] = [];
  const work = async (item: number) => {
    if (item === 1) throw new Error('one');
    return item;
  };
  const all = (async () => {
    for await (const result of inOrder([0, 1, 2], { items: 3, weight: 3, weigh: () => 1 }, work)) results.push(result);
  })();
  await expect(all).rejects.toThrow('one');
  expect(results).toEqual([0]);
});
