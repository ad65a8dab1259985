import { expect, it } from 'vitest';
import { entryLength, type Layout, layoutDigest, layoutLength, requireValidLayout, sha256Hex } from './layout.js';

const layout: Layout = [
  { name: 'conv/filter', shape: [3, 3, 2, 4], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' },
  { name: 'norm/mean', shape: [4], dtype: 'float32', role: 'running-statistic', trainable: false, scope: 'site' },
  { name: 'temperature', shape: [], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' },
];

it('counts the values of blocks and of the model; a block without dimensions is one number', () => {
  expect(layout.map(entryLength)).toEqual([72, 4, 1]);
  expect(layoutLength(layout)).toBe(77);
});

it('digests the canonical JSON: keys sorted, no spaces', () => {
  const json = '[{"dtype":"float32","name":"b","role":"norm","scope":"shared","shape":[2,3],"trainable":true}]';
  const reordered = [{ trainable: true, shape: [2, 3], scope: 'shared', role: 'norm', name: 'b', dtype: 'float32' }];
  expect(layoutDigest(reordered as unknown as Layout)).toBe(sha256Hex(json));
});

it('digests roles and scopes too, not only names and shapes', () => {
  const digests = [
    layout,
    layout.map((e) => ({ ...e, role: 'norm' as const })),
    layout.map((e) => ({ ...e, scope: 'shared' as const })),
    layout.map((e) => ({ ...e, trainable: true })),
    [...layout].reverse(),
  ].map(layoutDigest);
  expect(new Set(digests).size).toBe(5);
});

it('refuses an empty layout, a repeated name, and a dimension that is no positive whole number', () => {
  const bad: Layout[] = [
    [],
    [layout[0]!, layout[0]!],
    ...[0, -1, 1.5, Number.NaN, 2 ** 60].map((d) => [{ ...layout[0]!, shape: [2, d] }]),
  ];
  for (const l of bad) expect(() => requireValidLayout(l)).toThrow(expect.objectContaining({ code: 'LAYOUT_INVALID' }));
  expect(() => requireValidLayout(layout)).not.toThrow();
});
