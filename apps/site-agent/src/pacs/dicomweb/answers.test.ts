import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { uidFromName } from '@consilium/dicom';
import { errorCode } from '@consilium/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchStudies } from '../fetch-studies.js';
import { Inbox } from '../inbox/inbox.js';
import { openPacs } from '../open-pacs.js';
import { newFolder } from '../testing/folders.fixture.js';
import { requestOf, writeSlices } from '../testing/pacs.fixture.js';

const NEVER = new AbortController().signal;
const files = writeSlices({ name: 'answers', studies: 1, slices: 4, size: 16 });
const STUDY = uidFromName('answers study 0');
const SERIES = uidFromName('answers series 0');
const sop = (slice: number) => uidFromName(`answers instance 0 ${slice}`);

let server: Server;
let asked: string[];
let answer: (path: string, response: ServerResponse, request: IncomingMessage) => void;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request.url!, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function request() {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
  return requestOf('/nowhere', { name: 'x', dicomweb: { url, allowLoopback: true, allowPlainHttp: true } }, []);
}

const ui = (value: string) => ({ vr: 'UI', Value: [value] });

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/dicom+json' }).end(JSON.stringify(value));
}

/** QIDO of one study of four instances; what is retrieved is up to the test. */
function listing(path: string, response: ServerResponse): boolean {
  const [where] = path.split('?');
  if (where!.endsWith('/instances'))
    json(
      response,
      [0, 1, 2, 3].map((i) => ({ '00080018': ui(sop(i)) })),
    );
  else if (where!.endsWith('/series')) json(response, [{ '0020000E': ui(SERIES) }]);
  else if (where === '/dicom-web/studies') json(response, [{ '0020000D': ui(STUDY) }]);
  else return false;
  return true;
}

function multipart(response: ServerResponse, slices: readonly number[], bytesOfLast?: number): void {
  response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=xyz' });
  slices.forEach((slice, i) => {
    const bytes = readFileSync(files[slice]!);
    const isCut = bytesOfLast !== undefined && i === slices.length - 1;
    response.write('--xyz\r\nContent-Type: application/dicom\r\n\r\n');
    response.write(isCut ? bytes.subarray(0, bytesOfLast) : bytes);
    if (!isCut) response.write('\r\n');
  });
  if (bytesOfLast === undefined) response.end('--xyz--\r\n');
  else setTimeout(() => response.destroy(), 50);
}

const instanceOf = (path: string) => [0, 1, 2, 3].find((i) => path.endsWith(`/instances/${sop(i)}`));

async function fetched(patienceMs = 5000) {
  const inbox = await Inbox.open(newFolder());
  try {
    return await fetchStudies(request(), inbox, () => {}, NEVER, { patienceMs });
  } finally {
    await inbox.close();
  }
}

it('pages through what does not fit into one answer', async () => {
  answer = (path, response) => {
    const search = new URL(path, 'http://x').searchParams;
    const [offset, limit] = [Number(search.get('offset')), Number(search.get('limit'))];
    const count = Math.max(0, Math.min(limit, 450 - offset));
    json(
      response,
      Array.from({ length: count }, (_, i) => ({ '0020000D': ui(`1.2.${offset + i}`) })),
    );
  };
  expect(await allStudies()).toHaveLength(450);
  expect(asked).toHaveLength(4);
});

it('goes on where a server gives fewer than it was asked for', async () => {
  answer = (path, response) => {
    const offset = Number(new URL(path, 'http://x').searchParams.get('offset'));
    const count = Math.max(0, Math.min(50, 120 - offset));
    json(
      response,
      Array.from({ length: count }, (_, i) => ({ '0020000D': ui(`1.2.${offset + i}`) })),
    );
  };
  expect(await allStudies()).toHaveLength(120);
});

it('ends where a server knows no paging', async () => {
  answer = (_, response) =>
    json(
      response,
      Array.from({ length: 200 }, (_, i) => ({ '0020000D': ui(`1.2.${i}`) })),
    );
  expect(new Set(await allStudies()).size).toBe(200);
  expect(asked).toHaveLength(2);
});

async function allStudies(): Promise<string[]> {
  const pacs = await openPacs(request(), NEVER);
  const found: string[] = [];
  for await (const { studyUid } of pacs.studies({}, undefined, NEVER)) found.push(studyUid);
  await pacs.close();
  return found;
}

it('asks by name for what a broken answer has left out', async () => {
  let isFirst = true;
  answer = (path, response) => {
    if (listing(path, response)) return;
    const slice = instanceOf(path);
    if (slice !== undefined) multipart(response, [slice]);
    else if (isFirst) multipart(response, [0, 1], 300);
    isFirst = false;
  };
  expect(await fetched()).toMatchObject({ arrived: 4, missing: 0, refused: 0, duplicates: 0 });
  expect(asked.filter((path) => instanceOf(path) !== undefined)).toHaveLength(3);
});

it('counts what the PACS lists and does not have', async () => {
  answer = (path, response) => {
    if (listing(path, response)) return;
    const slice = instanceOf(path);
    if (slice === undefined) multipart(response, [0, 1, 3]);
    else response.writeHead(404).end();
  };
  expect(await fetched()).toMatchObject({ instances: 4, arrived: 3, refused: 1, missing: 0 });
});

it('drops what nobody has asked for', async () => {
  const [other] = writeSlices({ name: 'of another study', studies: 1, slices: 1, size: 16 });
  answer = (path, response) => {
    if (listing(path, response)) return;
    response.writeHead(200, { 'content-type': 'multipart/related; boundary=q' });
    for (const file of [...files, other!, files[0]!]) {
      response.write('--q\r\n\r\n');
      response.write(readFileSync(file));
      response.write('\r\n');
    }
    response.write('--q\r\n\r\nno DICOM at all\r\n');
    response.end('--q--');
  };
  expect(await fetched()).toMatchObject({ studies: 1, instances: 4, arrived: 4, duplicates: 1 });
});

it('waits while the PACS is busy, and gives up in the end', async () => {
  let busy = 2;
  answer = (path, response) => {
    if (busy-- > 0) response.writeHead(503).end();
    else if (!listing(path, response)) multipart(response, [0, 1, 2, 3]);
  };
  expect(await fetched()).toMatchObject({ arrived: 4 });
  answer = (_, response) => response.writeHead(503).end();
  expect(await fetched(100).catch(errorCode)).toBe('PACS_UNREACHABLE');
});

it.each([
  ['text', 'PACS_ANSWER_INVALID', (response: ServerResponse) => response.end('<html>')],
  ['a number', 'PACS_ANSWER_INVALID', (response: ServerResponse) => response.end('7')],
  ['a list of numbers', 'PACS_ANSWER_INVALID', (response: ServerResponse) => response.end('[7]')],
  ['no UID', 'PACS_ANSWER_INVALID', (response: ServerResponse) => response.end('[{"0020000D":{"Value":[7]}}]')],
  ['no answer', 'PACS_UNREACHABLE', (response: ServerResponse) => response.destroy()],
  ['401', 'PACS_DENIED', (response: ServerResponse) => response.writeHead(401).end()],
  ['400', 'PACS_REFUSED', (response: ServerResponse) => response.writeHead(400).end()],
])('says what is wrong: %s', async (_, code, reply) => {
  answer = (_path, response) => reply(response);
  expect(await fetched(0).catch(errorCode)).toBe(code);
});

it('shows its token, or its user and password, and nothing that is no single line', async () => {
  const root = newFolder();
  const headers: (string | undefined)[] = [];
  answer = (_path, response, { headers: { authorization } }) => {
    headers.push(authorization);
    json(response, []);
  };
  const { dicomweb } = request().pacs;
  const greet = async (files: Partial<NonNullable<typeof dicomweb>>, contents: Record<string, string>) => {
    for (const [name, text] of Object.entries(contents)) writeFileSync(join(root, name), text);
    const pacs = await openPacs(
      { ...request(), root, pacs: { name: 'x', dicomweb: { ...dicomweb!, ...files } } },
      NEVER,
    );
    await pacs.echo(NEVER).finally(() => pacs.close());
  };
  await greet({ tokenFile: 'token' }, { token: 'abc.def\n' });
  await greet({ userFile: 'user', passwordFile: 'password' }, { user: 'anna', password: 'pä:ss' });
  expect(headers).toEqual(['Bearer abc.def', `Basic ${Buffer.from('anna:pä:ss').toString('base64')}`]);
  for (const token of ['a\nb', 'a\r\nX: y', ''])
    await expect(greet({ tokenFile: 'token' }, { token })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(greet({ tokenFile: 'not-there' }, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(headers).toHaveLength(2);
});

it('is content with an empty answer', async () => {
  answer = (_, response) => response.writeHead(204).end();
  expect(await fetched()).toMatchObject({ studies: 0, instances: 0 });
});
