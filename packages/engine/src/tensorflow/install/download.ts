import { createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { diskError } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import type { InstallContext } from './source.js';

const TRIES = 5;
const PAUSE_MS = 500;

/** What a half download was half of: another file at the same address must not be glued to it. */
interface Marker {
  readonly url: string;
  readonly validator: string;
}

/**
 * Downloads a file, going on where an earlier try ended: what has arrived stays beside it as `.partial` until all has.
 *
 * Errors   ENGINE_DOWNLOAD_FAILED, DISK_FULL, STOPPED. The partial file stays.
 */
export async function download(url: URL, path: string, context: InstallContext): Promise<void> {
  if (await sizeOf(path)) return; // whole, from an earlier try; its digest is checked afterwards as ever
  for (let attempt = 1; ; attempt++) {
    try {
      await downloadRest(url, path, context);
      await rename(`${path}.partial`, path);
      await rm(`${path}.partial.json`, { force: true });
      return;
    } catch (error) {
      if (context.signal.aborted) throw new ConsiliumError('STOPPED', {}, error);
      const known = diskError(error);
      if (known instanceof ConsiliumError && known.code !== 'ENGINE_DOWNLOAD_FAILED') throw known;
      const isFinal =
        error instanceof ConsiliumError && error.detail.status !== undefined && Number(error.detail.status) < 500;
      if (attempt === TRIES || isFinal)
        throw error instanceof ConsiliumError
          ? error
          : new ConsiliumError('ENGINE_DOWNLOAD_FAILED', { file: basename(path), reason: reasonOf(error) }, error);
      await delay(PAUSE_MS * 2 ** attempt);
    }
  }
}

async function downloadRest(url: URL, path: string, { report, signal }: InstallContext): Promise<void> {
  const partial = `${path}.partial`;
  const marker = await readMarker(`${partial}.json`);
  const have = marker?.url === url.href ? await sizeOf(partial) : 0;
  const headers = have > 0 ? { range: `bytes=${have}-`, 'if-range': marker!.validator } : {};
  const response = await openUrl(url, { ...headers, 'accept-encoding': 'identity' }, signal);
  const isRest = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`);
  if (!response.ok || !response.body || (response.status === 206 && !isRest))
    throw new ConsiliumError('ENGINE_DOWNLOAD_FAILED', { file: basename(path), status: response.status });
  const start = isRest ? have : 0;
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  const validator = response.headers.get('etag') ?? response.headers.get('last-modified');
  if (validator && !validator.startsWith('W/'))
    await writeFile(`${partial}.json`, JSON.stringify({ url: url.href, validator } satisfies Marker));
  else await rm(`${partial}.json`, { force: true }); // nothing can tell whether a later answer continues this one
  let done = start;
  const count = new Transform({
    transform: (chunk: Buffer, _, next) => {
      done += chunk.length;
      report({
        doing: `downloading ${basename(path)}`,
        doneBytes: done,
        ...(total !== undefined && { totalBytes: total }),
      });
      next(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, count, createWriteStream(partial, { flags: start > 0 ? 'a' : 'w', mode: 0o600 }), { signal });
  if (total !== undefined && done !== total)
    throw new ConsiliumError('ENGINE_DOWNLOAD_FAILED', { file: basename(path), expectedBytes: total, gotBytes: done });
}

/** `fetch` with the name and password of an address, which it does not take there. */
export async function openUrl(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const bare = new URL(url);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  bare.username = '';
  bare.password = '';
  const authorization = user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  try {
    return await fetch(bare, { headers: { ...headers, ...authorization }, signal });
  } catch (error) {
    if (signal.aborted) throw new ConsiliumError('STOPPED', {}, error);
    throw new ConsiliumError('ENGINE_DOWNLOAD_FAILED', { where: bare.host, reason: reasonOf(error) }, error);
  }
}

async function readMarker(path: string): Promise<Marker | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Marker;
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
