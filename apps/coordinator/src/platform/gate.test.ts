import { expect, it } from 'vitest';
import { Gate } from './gate.js';

it('lets so many in at once, in their order, also when some of them fail', async () => {
  const gate = new Gate(3);
  const order: number[] = [];
  let inside = 0;
  let mostInside = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      gate.pass(async () => {
        mostInside = Math.max(mostInside, ++inside);
        order.push(n);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
        if (n % 4 === 0) throw new Error('on purpose');
      }),
    ),
  );
  expect(mostInside).toBe(3);
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(outcomes.filter((o) => o.status === 'rejected')).toHaveLength(5);
});
