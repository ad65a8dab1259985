// A process of its own: one back end computes every case. As the reference it writes what it computed into a file; otherwise
// it compares with that file. Prints one line of JSON, a `BackEndAnswer`.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { type Engine, type EngineOptions, reasonWhyMissing, startEngine } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { type Group, openGroups, type Values } from './groups.ts';
import { judge, type Results, type Verdict } from './judge.ts';
import { type LongRun, runLong } from './long-run.ts';

export interface BackEndRequest {
  readonly options: EngineOptions;
  readonly work: 'write reference' | 'compare' | 'digest' | 'long run';
  readonly reference: string;
}

export type BackEndAnswer =
  | { readonly missing: string }
  | {
      readonly title: string;
      readonly seconds: number;
      readonly verdicts?: readonly Verdict[];
      /** SHA-256 over all values in order. */
      readonly digest?: string;
      readonly longRun?: LongRun;
    };

const { options, work, reference } = JSON.parse(process.argv[2] ?? '') as BackEndRequest;
process.stdout.write(`${JSON.stringify(await answer())}\n`);

async function answer(): Promise<BackEndAnswer> {
  const missing = await reasonWhyMissing(options);
  if (missing !== undefined) return { missing };
  const engine = await startEngine(options);
  const begin = performance.now();
  try {
    const done = work === 'long run' ? { longRun: await runLong(engine) } : await computeGroups(engine);
    return { title: titleOf(engine), seconds: (performance.now() - begin) / 1000, ...done };
  } finally {
    await engine.stop();
  }
}

async function computeGroups(engine: Engine): Promise<{ verdicts?: Verdict[]; digest?: string }> {
  const groups = openGroups();
  const results = await computeAll(engine, groups);
  if (work === 'write reference') writeFileSync(reference, serialize(results));
  if (work === 'digest') return { digest: digestOf(results) };
  return { verdicts: judge(groups, results, deserialize(readFileSync(reference)) as Results) };
}

async function computeAll(engine: Engine, groups: readonly Group[]): Promise<Results> {
  const results: Results = new Map();
  for (const group of groups) {
    const values = new Map<string, readonly Values[] | string>();
    for (const { name, compute } of group.cases) {
      try {
        values.set(name, await compute(engine));
      } catch (error) {
        values.set(name, [String(error), detailOf(error)].filter(Boolean).join(' '));
      }
    }
    results.set(group.name, values);
  }
  return results;
}

function detailOf(error: unknown): string {
  return error instanceof ConsiliumError && error.detail ? JSON.stringify(error.detail) : '';
}

function digestOf(results: Results): string {
  const hash = createHash('sha256');
  for (const [group, cases] of results)
    for (const [name, values] of cases) {
      hash.update(`${group}\n${name}\n`);
      if (typeof values === 'string') throw new Error(`${name}: ${values}`);
      for (const { buffer, byteOffset, byteLength } of values)
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  return hash.digest('hex');
}

function titleOf({ backEnd, mode, threads, device }: Engine): string {
  const parts = [`${backEnd} ${mode}`, `${threads} ${threads === 1 ? 'thread' : 'threads'}`, device];
  return parts.filter(Boolean).join(', ');
}
