import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelView, RunResults, RunView } from '../contract.js';
import { LAUNCHER } from '../installation.js';

/** Sets the title, clears the screen, colours, turns the direction, forges a line. */
const HOSTILE = '\u001b]0;x\u0007\u001b[2J\u009b31m\u202e\r\nOK: forged\u2028';
const SHOWN = '\\u001b]0;x\\u0007\\u001b[2J\\u009b31m\\u202e\\r\\nOK: forged\\u2028';
/** What a terminal acts on; lines end, and nothing else does. */
const ACTED_ON = /(?!\n)\p{Cc}|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const figures = { metrics: { [HOSTILE]: 0.5 }, bounds: {}, examples: 4, problem: HOSTILE };
const participation = { stage: null, bytesDone: 0, bytesTotal: 0, epoch: 0, epochs: 0, step: 0, steps: 0, loss: null };
const RUN: RunView = {
  ...{ id: HOSTILE, planName: HOSTILE, planHash: 'h', strategy: HOSTILE, state: 'completed', reason: HOSTILE },
  ...{ problem: null, waitsFor: HOSTILE, createdAt: HOSTILE, finishedAt: HOSTILE, roundsPlanned: 1 },
  ...{ initialModelDigest: null, finalModels: [], evaluations: { done: 0, total: 0 } },
  participants: [{ site: HOSTILE, state: HOSTILE, datasetVersion: null, exampleCount: 1, reason: HOSTILE }],
  rounds: [
    {
      ...{ number: 1, state: 'closed', waitsFor: null, startedAt: null, closedAt: null, modelDigest: null },
      ...{ candidateDigest: null, missing: [HOSTILE], refused: [{ site: HOSTILE, code: HOSTILE }] },
      abortedBecause: HOSTILE,
      participations: [{ site: HOSTILE, state: 'submitted', ...participation }],
      weights: [
        { site: HOSTILE, exampleShare: 1, share: 1, deltaNorm: 1, clippedNorm: 1, limited: `weighs less ${HOSTILE}` },
      ],
      validation: { ...figures, sites: [{ site: HOSTILE, ...figures }] },
      unevaluated: [{ site: HOSTILE, code: HOSTILE }],
    },
  ],
};
const RESULTS: RunResults = {
  ...{ metric: HOSTILE, metrics: [HOSTILE] },
  models: [
    {
      ...{ digest: HOSTILE, origin: 'local', site: HOSTILE, round: 1, missing: [HOSTILE] },
      ...{ sites: [{ site: HOSTILE, ...figures }], overall: figures },
    },
  ],
};
const MODELS: ModelView[] = [
  {
    ...{ digest: HOSTILE, bytes: 4, parameters: 1 },
    versions: [{ runId: HOSTILE, planName: HOSTILE, round: 1, origin: HOSTILE, site: HOSTILE }],
  },
];

const server = createServer((request, response) => {
  const problems = [{ path: HOSTILE, message: HOSTILE, nearest: HOSTILE }];
  const answers: Record<string, [number, unknown]> = {
    '/api/runs': [200, [RUN, { ...RUN, problem: HOSTILE }]],
    '/api/runs/r': [200, RUN],
    '/api/runs/r/results': [200, RESULTS],
    '/api/models': [200, MODELS],
    '/api/runs/refused': [400, { code: 'REQUEST_INVALID', sentence: HOSTILE, problems }],
    '/api/runs/broken': [500, { code: HOSTILE, sentence: HOSTILE }],
  };
  const [status, body] = answers[request.url ?? ''] ?? [404, HOSTILE];
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'consilium-hostile-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(path.join(dir, 'up.json'), JSON.stringify({ url, pid: process.pid }));
  await writeFile(path.join(dir, 'token'), 'token');
});
afterAll(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** The built command, as a person calls it. */
async function consilium(...words: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    // Whatever lies in the folder comes before the tools of this machine.
    const env = { PATH: `${dir}${path.delimiter}${process.env.PATH}`, CONSILIUM_DIR: dir };
    execFile(process.execPath, [LAUNCHER, ...words], { env }, (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code) : 0, out, error }),
    );
  });
}

it.each([
  ['run', 'list'],
  ['run', 'show', 'r'],
  ['run', 'watch', 'r'],
  ['model', 'list'],
])('what a coordinator answers is text: %s %s', async (...words) => {
  const { code, out, error } = await consilium(...words);
  expect(code).toBe(0);
  expect(out).toContain(SHOWN);
  expect(ACTED_ON.exec(out + error)).toBeNull();
  expect(`${out}${error}`.split('\n').filter((line) => /^\s*OK: forged/.test(line))).toEqual([]);
  const json = words[1] === 'watch' ? undefined : await consilium(...words, '--json');
  expect(ACTED_ON.exec(json?.out ?? '')).toBeNull();
  if (json) expect(JSON.stringify(JSON.parse(json.out))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
});

it('columns stay columns', async () => {
  const { out } = await consilium('model', 'list');
  const [head, , row] = out.split('\n');
  expect(head?.indexOf('digest')).toBe(row?.lastIndexOf(SHOWN));
});

it('the problems that a coordinator names are text, and so is a code that is none', async () => {
  const refused = await consilium('run', 'show', 'refused');
  expect(refused.error).toBe(
    `REQUEST_INVALID: The request is not valid.\n  ${SHOWN}: ${SHOWN}; did you mean ${SHOWN}?\nCorrect it and try again.\n`,
  );
  const broken = await consilium('run', 'show', 'broken');
  expect(broken.error).toMatch(/^INTERNAL: .*\n {2}status: 500\n/);
  expect(broken.error).not.toContain('forged');
});

it('words of a plan, the name of its file and words that were typed are text', async () => {
  const file = path.join(dir, 'plan\u001b[2J\u202e.yaml');
  await writeFile(file, JSON.stringify({ [HOSTILE]: 1, name: HOSTILE }));
  for (const words of [
    ['plan', 'validate', file],
    ['plan', 'validate', file, '--json'],
    ['plan', 'show', file],
    ['plan', 'show', `${file}\u001b[2J`],
    ['run', `\u001b[2J`],
    ['plan', 'show', '--\u009b31m'],
  ]) {
    const { code, out, error } = await consilium(...words);
    expect(code).toBeGreaterThan(0);
    expect(out + error).toMatch(/\\u001b\[2J|\\u009b31m/);
    expect(ACTED_ON.exec(out + error), words.join(' ')).toBeNull();
  }
});

it('what the tools of this machine answer is text: doctor', async () => {
  const tool = path.join(dir, 'nvidia-smi');
  await writeFile(tool, "#!/bin/sh\nprintf 'GPU\\033[2J\\302\\2331m\\342\\200\\256, 1024\\n'\n");
  await chmod(tool, 0o755);
  const { out, error } = await consilium('doctor');
  expect(out).toContain('GPU\\u001b[2J\\u009b1m\\u202e, 1.0 GiB');
  expect(ACTED_ON.exec(out + error)).toBeNull();
}, 120_000);
