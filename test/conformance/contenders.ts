import type { EngineOptions } from '@consilium/engine';

/** What runs against `cpu`, each in processes of its own. */
export interface Contender {
  readonly name: string;
  readonly options: EngineOptions & { readonly backEnd: string };
  /** Numbers of threads whose bytes must be the same; one number twice where a back end has no choice of them. */
  readonly sameBytes?: readonly number[];
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'wasm, fast', options: { backEnd: 'wasm', mode: 'fast' } },
  {
    name: 'wasm, deterministic',
    options: { backEnd: 'wasm', mode: 'deterministic' },
    sameBytes: [1, 2, 3, 4],
  },
  { name: 'tensorflow', options: { backEnd: 'tensorflow', mode: 'deterministic' }, sameBytes: [1, 2, 3, 4] },
  { name: 'webgpu', options: { backEnd: 'webgpu', mode: 'deterministic' }, sameBytes: [1, 1] },
];

export const NAMES: readonly string[] = [...new Set(CONTENDERS.map(({ options }) => options.backEnd))];
