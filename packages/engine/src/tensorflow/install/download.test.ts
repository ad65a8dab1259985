import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDistribution } from './digest.js';
import { download } from './download.js';
import { indexSource, parseIndexPage } from './index-source.js';
import { sha256 } from './wheel.fixture.js';

const BODY = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 253));
const FILE = 'tensorflow_cpu-2.99.0-cp311-cp311-manylinux_2_27_x86_64.whl';
const request = { project: 'tensorflow-cpu', versions: '==2.99.0', machine: 'x86_64', glibc: '2.31' };
const context = { report: () => {}, signal: new AbortController().signal };

let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const ranges: (string | undefined)[] = [];
const server = createServer((req, res) => {
  ranges.push(req.headers.range);
  answer(req, res);
});
let base: URL;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'download-'));
  ranges.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** A server of one file that knows ranges; the first `cuts` answers break off in the middle. */
function serve(etag: () => string, cuts = 0): typeof answer {
  let count = 0;
  return (req, res) => {
    const [, from = '0'] = /^bytes=(\d+)-$/.exec(req.headers.range ?? '') ?? [];
    const isRest = req.headers.range !== undefined && req.headers['if-range'] === etag();
    const start = isRest ? Number(from) : 0;
    const headers = { etag: etag(), 'content-length': BODY.length - start };
    res.writeHead(isRest ? 206 : 200, {
      ...headers,
      ...(isRest && { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` }),
    });
    if (count++ >= cuts) return void res.end(BODY.subarray(start));
    res.write(BODY.subarray(start, start + 30_000), () => setTimeout(() => res.destroy(), 200));
  };
}

it('goes on where a broken connection ended', async () => {
  answer = serve(() => '"one"', 1);
  const path = join(folder, 'file');
  await download(new URL('file', base), path, context);
  expect(readFileSync(path)).toEqual(BODY);
  expect(ranges).toEqual([undefined, 'bytes=30000-']);
  expect(existsSync(`${path}.partial`)).toBe(false);
});

it('goes on in the next call after a stop', async () => {
  answer = (_, res) => {
    res.writeHead(200, { etag: '"one"', 'content-length': BODY.length });
    res.write(BODY.subarray(0, 50_000));
  };
  const path = join(folder, 'file');
  const stop = new AbortController();
  const stopped = download(new URL('file', base), path, {
    report: ({ doneBytes }) => doneBytes === 50_000 && setTimeout(() => stop.abort(), 200),
    signal: stop.signal,
  });
  await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' });
  expect(existsSync(path)).toBe(false);
  answer = serve(() => '"one"');
  await download(new URL('file', base), path, context);
  expect(readFileSync(path)).toEqual(BODY);
  expect(ranges.at(-1)).toBe('bytes=50000-');
});

it('begins anew when the file at the address has changed', async () => {
  let etag = '"one"';
  const first = serve(() => etag, 1);
  answer = (req, res) => {
    first(req, res);
    res.once('close', () => {
      etag = '"two"';
    });
  };
  const path = join(folder, 'file');
  await download(new URL('file', base), path, context);
  expect(readFileSync(path)).toEqual(BODY);
  expect(ranges).toEqual([undefined, 'bytes=30000-']);
});

it('does not try again what the server refuses', async () => {
  answer = (_, res) => res.writeHead(404).end();
  await expect(download(new URL('file', base), join(folder, 'file'), context)).rejects.toMatchObject({
    code: 'ENGINE_DOWNLOAD_FAILED',
    detail: { status: 404 },
  });
  expect(ranges).toHaveLength(1);
});

it('finds a wheel on an index, and takes the digest that the index has for it', async () => {
  const page = `<a href="../files/${FILE}#sha256=${sha256(BODY)}">${FILE}</a>`;
  const file = serve(() => '"one"');
  answer = (req, res) => {
    if (req.url === '/simple/tensorflow-cpu/') res.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else if (req.url === `/simple/files/${FILE}`) file(req, res);
    else res.writeHead(404).end();
  };
  const obtained = await indexSource(new URL('simple', base), folder).wheel(request, context);
  expect(obtained).toEqual({ path: join(folder, FILE), isDownload: true, sha256: sha256(BODY) });
  await expect(checkDistribution(obtained, [], context)).resolves.toMatchObject({ checkedAgainst: 'the index' });
});

it('says what is missing when the index has no fitting file, or no such project', async () => {
  answer = (_, res) => res.writeHead(200).end('<a href="tensorflow_cpu-2.99.0-cp311-cp311-win_amd64.whl">x</a>');
  const source = indexSource(base, folder);
  await expect(source.wheel(request, context)).rejects.toMatchObject({
    code: 'ENGINE_DISTRIBUTION_MISSING',
    detail: { reason: 'no file of the page fits' },
  });
  answer = (_, res) => res.writeHead(404).end();
  await expect(source.wheel(request, context)).rejects.toMatchObject({
    detail: { reason: 'the index answered 404' },
  });
});

it('sends the name and password of an address, and keeps them out of messages', async () => {
  let authorization: string | undefined;
  answer = (req, res) => {
    authorization = req.headers.authorization;
    res.writeHead(403).end();
  };
  const index = new URL(base);
  Object.assign(index, { username: 'reader', password: 'p%40ss' });
  const failure = await indexSource(index, folder)
    .wheel(request, context)
    .catch((error: unknown) => error);
  expect(authorization).toBe(`Basic ${Buffer.from('reader:p@ss').toString('base64')}`);
  expect(JSON.stringify(failure)).not.toContain('reader');
});

it('leaves yanked files of an index out', () => {
  const page = '<a href="a.whl" data-yanked="">a.whl</a><A class="x" HREF=\'b%2Bcpu.whl?x=1&amp;y=2\'>b</A>';
  const files = parseIndexPage(page, new URL('https://example.org/simple/p/'));
  expect([...files]).toEqual([['b+cpu.whl', { url: new URL('https://example.org/simple/p/b%2Bcpu.whl?x=1&y=2') }]]);
});
