import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

it('gives a burst, then so many a minute, and says how long to wait', () => {
  let nowMs = 5000;
  const bucket = new TokenBucket({ burst: 3, perMinute: 20 }, () => nowMs);
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
  expect(bucket.take()).toBe(3000);
  nowMs += 2999;
  expect(bucket.take()).toBe(1);
  nowMs += 1;
  expect([bucket.take(), bucket.take()]).toEqual([0, 3000]);
  nowMs += 3_600_000;
  expect(bucket.isFull).toBe(true);
  expect([1, 2, 3, 4].map(() => bucket.take() === 0)).toEqual([true, true, true, false]);
  expect(bucket.isFull).toBe(false);
});
