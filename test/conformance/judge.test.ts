import { expect, it } from 'vitest';
import type { Group, Values } from './groups.ts';
import { judge, type Results } from './judge.ts';
import { longRunRow, sameBytesRow } from './table.ts';

const tolerance = { limit: 0.01, reason: 'of this test' };
const group: Group = {
  name: 'sums',
  cases: ['first', 'second'].map((name) => ({ name, compute: async () => [] })),
  tolerance,
  difference: ([a], [b]) => Math.abs(a![0]! - b![0]!),
};
const of = (first: readonly Values[] | string, second: readonly Values[] | string): Results =>
  new Map([
    [
      'sums',
      new Map([
        ['first', first],
        ['second', second],
      ]),
    ],
  ]);
const values = (value: number) => [Float32Array.of(value)];
const reference = of(values(3), values(7));

it('names the worst case of a group, and passes up to the limit', () => {
  const [verdict] = judge([group], of(values(3.004), values(6.992)), reference);
  expect(verdict).toMatchObject({ passes: true, worstCase: 'second', cases: 2 });
  expect(verdict!.worst).toBeCloseTo(0.008, 5);
  expect(judge([group], of(values(3.004), values(6.98)), reference)[0]).toMatchObject({ passes: false });
});

it.each([
  ['a value that is no number', of(values(3), values(Number.NaN)), 'second: not a number, or of another size'],
  ['a case that fails', of('Error: no kernel', values(7)), 'first: Error: no kernel'],
  ['a case that is missing', new Map() as Results, 'first: not computed'],
])('fails for %s', (_, actual, problem) => {
  const [verdict] = judge([group], actual, reference);
  expect(verdict).toMatchObject({ passes: false, worst: null });
  expect(verdict!.problems[0]).toBe(problem);
});

it('fails where the reference lacks a case', () => {
  expect(judge([group], reference, of(values(3), 'Error: out of memory'))[0]).toMatchObject({ passes: false });
});

it('asks for equal digests, and takes an error for none', () => {
  const digest = 'a'.repeat(64);
  expect(sameBytesRow('wasm', [1, 2], [digest, digest]).verdict).toBe('pass');
  expect(sameBytesRow('wasm', [1, 2], [digest, 'b'.repeat(64)]).verdict).toBe('fail');
  expect(sameBytesRow('wasm', [1, 2], ['Error: x', 'Error: x']).verdict).toBe('fail');
});

it('prints tensors, resident memory and heap of a long run', () => {
  const mebibyte = 2 ** 20;
  const run = { steps: 1000, tensorsBefore: 90, tensorsAfter: 91, heapEarly: 0, heapLate: 0, passes: false };
  const row = longRunRow('cpu', { ...run, residentEarly: 200 * mebibyte, residentLate: 300 * mebibyte }, mebibyte);
  expect(row).toMatchObject({
    verdict: 'fail',
    worst: 'tensors 90 -> 91, RSS 200 -> 300 MiB',
    tolerance: 'RSS + 1 MiB',
  });
});
