import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsiliumError } from '@consilium/errors';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger, errorFields } from '../platform/logger.js';
import { inState } from '../testing/run.fixture.js';
import { film, temporaryFolder } from '../testing/site.fixture.js';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Sets the title, clears the screen, colours, turns the direction, forges a line. */
const HOSTILE = '\u001b]0;x\u0007\u001b[2J\u009b31m\u202e\r\nOK: forged\u2028';
const SHOWN = '\\u001b]0;x\\u0007\\u001b[2J\\u009b31m\\u202e\\r\\nOK: forged\\u2028';
/** What a terminal acts on; lines end, and nothing else does. */
const ACTED_ON = /(?!\n)\p{Cc}|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const dir = temporaryFolder();
let answer: (response: ServerResponse) => void;
const server = createServer((_, response) => answer(response));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
  const pacs = [{ name: 'archive', dicomweb: { url, allowLoopback: true, allowPlainHttp: true } }];
  const settings = { federation: 'test', siteId: 'alder', coordinator: ['127.0.0.1:1'], pacs };
  writeFileSync(join(dir, 'site.json'), JSON.stringify(settings));
  writeFileSync(join(dir, `film${'\u001b[2J\u202e'}.dcm`), film(1).dicom);
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

/** The agent's own command line, as a person types it. */
async function site(...words: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...SOURCE_FLAGS, MAIN, ...words, '--dir', dir], (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code) : 0, out, error }),
    );
  });
}

it('what a coordinator asked against what was agreed, and what the book holds, is text: status and book', async () => {
  inState(dir, (state) => {
    state.refusals.add(HOSTILE, 'training', new ConsiliumError('TRAINING_REFUSED', { problem: HOSTILE }));
    state.acts.add('run.withdraw', HOSTILE, { plan: HOSTILE });
    state.facts.setActivity({ state: 'working', runId: HOSTILE });
  });
  for (const words of [['status'], ['book']]) {
    const { code, out, error } = await site(...words);
    expect(code, error).toBe(0);
    expect(out).toContain(SHOWN);
    expect(ACTED_ON.exec(out + error)).toBeNull();
    expect(out.split('\n').filter((line) => /^\s*OK: forged/.test(line))).toEqual([]);
    const json = await site(...words, '--json');
    expect(ACTED_ON.exec(json.out)).toBeNull();
    expect(JSON.stringify(JSON.parse(json.out))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
  }
}, 60_000);

it('what a PACS answers is text: its modalities, its errors, its refusals', async () => {
  const study = { '0020000D': { Value: ['1.2.3'] }, '00201206': { Value: [1] }, '00201208': { Value: [2] } };
  answer = (response) =>
    response
      .writeHead(200, { 'content-type': 'application/dicom+json' })
      .end(JSON.stringify([{ ...study, '00080061': { Value: ['\u001b[2J\u009b31m\u202e\nOK'] } }]));
  const found = await site('pacs', 'studies', 'archive', '--all');
  expect(found.out).toContain('modalities: \\u001b[2J\\u009b31m\\u202e\\nOK 1');
  expect(ACTED_ON.exec(found.out + found.error)).toBeNull();

  for (const status of [302, 400, 401, 409, 500]) {
    answer = (response) => response.writeHead(status, '\u009b31m', { 'content-type': 'text/html' }).end(HOSTILE);
    const check = await site('pacs', 'check', 'archive');
    expect(check.out).toMatch(/^archive +PACS_[A-Z_]+: .* status \d+\n$/);
    expect(ACTED_ON.exec(check.out + check.error)).toBeNull();
  }
  const studies = await site('pacs', 'studies', 'archive', '--all', '--json');
  expect(studies.error).toMatch(/^PACS_[A-Z_]+: /);
  expect(ACTED_ON.exec(studies.out + studies.error)).toBeNull();

  const failed = { '00081198': { Value: [{ '00081197': { Value: [43264] }, '00081155': { Value: [HOSTILE] } }] } };
  answer = (response) =>
    response.writeHead(409, { 'content-type': 'application/dicom+json' }).end(JSON.stringify(failed));
  const sent = await site('pacs', 'send', dir, '--to', 'archive');
  expect(sent.code).toBe(1);
  expect(sent.out + sent.error).toContain('film\\u001b[2J\\u202e.dcm');
  expect(ACTED_ON.exec(sent.out + sent.error)).toBeNull();
}, 180_000);

it('a line of the log is one line of text, and keeps its meaning', () => {
  const lines: string[] = [];
  const logger = createLogger('info', HOSTILE, { write: (line) => void lines.push(line) });
  logger.warn(
    { plan: HOSTILE, ...errorFields(new ConsiliumError('PACS_REFUSED', { said: HOSTILE })) },
    `refused: ${HOSTILE}`,
  );
  expect(lines).toHaveLength(1);
  expect(ACTED_ON.exec(lines.join(''))).toBeNull();
  const said = { siteId: HOSTILE, plan: HOSTILE, detail: { said: HOSTILE }, msg: `refused: ${HOSTILE}` };
  expect(JSON.parse(lines[0]!)).toMatchObject(said);
});
