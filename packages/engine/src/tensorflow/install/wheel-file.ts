import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { sha256OfFile } from './digest.js';
import type { InstallContext } from './source.js';

/** An open wheel: a zip whose RECORD holds the SHA-256 of every file in it. */
export interface WheelFile {
  readonly file: string;
  readonly members: ReadonlyMap<string, Entry>;
  readText(member: string): Promise<string>;
  /**
   * Writes members below a folder, under their own names; one that is there already with the right digest stays.
   * Answers the SHA-256 of each. Errors  ENGINE_DISTRIBUTION_CORRUPT, DISK_FULL, STOPPED.
   */
  extract(members: readonly string[], into: string, context: InstallContext): Promise<Map<string, string>>;
  close(): void;
}

/** Errors  ENGINE_DISTRIBUTION_CORRUPT when it is not a wheel: no zip, or one without RECORD. */
export async function openWheel(path: string, file: string): Promise<WheelFile> {
  const corrupt = (reason: string, cause?: unknown) =>
    new ConsiliumError('ENGINE_DISTRIBUTION_CORRUPT', { file, reason }, cause);
  const members = new Map<string, Entry>();
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false, strictFileNames: true });
  } catch (error) {
    throw corrupt('not a zip archive', error);
  }
  const wheel = { file, members, readText, extract, close: () => zip.close() };
  try {
    for await (const entry of zip.eachEntry()) members.set(entry.fileName, entry);
    const recordName = [...members.keys()].find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
    if (!recordName) throw corrupt('no RECORD in it');
    const digests = parseRecord(await readText(recordName));
    return { ...wheel, extract: (names, into, context) => extract(names, into, context, digests) };
  } catch (error) {
    zip.close();
    throw error instanceof ConsiliumError ? error : corrupt('the archive is damaged', error);
  }

  function requireMember(name: string): Entry {
    const entry = members.get(name);
    if (!entry) throw corrupt(`no ${name} in it`);
    return entry;
  }

  async function readText(name: string): Promise<string> {
    try {
      const parts: Buffer[] = [];
      for await (const part of await zip.openReadStreamPromise(requireMember(name))) parts.push(part as Buffer);
      return Buffer.concat(parts).toString('utf8');
    } catch (error) {
      throw error instanceof ConsiliumError ? error : corrupt(`${name} cannot be read`, error);
    }
  }

  async function extract(
    names: readonly string[],
    into: string,
    context: InstallContext,
    digests: ReadonlyMap<string, string> = new Map(),
  ): Promise<Map<string, string>> {
    const written = new Map<string, string>();
    for (const name of names) {
      const entry = requireMember(name);
      const expected = digests.get(name);
      if (!expected) throw corrupt(`RECORD has no SHA-256 of ${name}`);
      const target = resolve(into, name);
      if (!target.startsWith(resolve(into) + sep)) throw corrupt(`${name} leads out of the folder`);
      if ((await digestOrNone(target, context)) !== expected) await writeMember(entry, expected, target, context);
      written.set(name, expected);
    }
    return written;
  }

  async function writeMember(entry: Entry, expected: string, target: string, context: InstallContext): Promise<void> {
    const name = entry.fileName;
    const temporary = `${target}.partial`;
    const hash = createHash('sha256');
    let done = 0;
    const watch = new Transform({
      transform: (chunk: Buffer, _, next) => {
        hash.update(chunk);
        done += chunk.length;
        context.report({ doing: `extracting ${name}`, doneBytes: done, totalBytes: entry.uncompressedSize });
        next(null, chunk);
      },
    });
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    try {
      const stream = await zip.openReadStreamPromise(entry);
      const sink = createWriteStream(temporary, { mode: 0o600, flush: true });
      await pipeline(stream, watch, sink, { signal: context.signal });
      const found = hash.digest('hex');
      if (found !== expected)
        throw new ConsiliumError('ENGINE_DISTRIBUTION_CORRUPT', { file, member: name, expected, found });
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      if (context.signal.aborted) throw new ConsiliumError('STOPPED', {}, error);
      const known = diskError(error);
      throw known instanceof ConsiliumError ? known : corrupt(`${name} cannot be read`, error);
    }
  }
}

async function digestOrNone(path: string, { signal }: InstallContext): Promise<string | undefined> {
  try {
    return await sha256OfFile(path, signal);
  } catch (error) {
    if (signal.aborted) throw new ConsiliumError('STOPPED', {}, error);
    return undefined;
  }
}

/** SHA-256 in hex of each file. Source  packaging.python.org, recording installed projects: path,sha256=base64url,size. */
export function parseRecord(text: string): Map<string, string> {
  const digests = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, quoted, plain, digest] = /^(?:"((?:[^"]|"")*)"|([^,"]*)),sha256=([\w-]+=*),\d*$/.exec(line) ?? [];
    if (digest) digests.set(quoted?.replaceAll('""', '"') ?? plain!, Buffer.from(digest, 'base64url').toString('hex'));
  }
  return digests;
}

/** The wheel's own METADATA: what it needs under one of its extras, as project and version specifiers. */
export function requirementsOf(
  metadata: string,
  extra: string,
): { readonly project: string; readonly versions: string }[] {
  const head = metadata.split(/\r?\n\r?\n/)[0]!;
  return head.split(/\r?\n/).flatMap((line) => {
    const [, project, versions, marker] = /^Requires-Dist: *([\w.-]+) *\(?([^;()]*)\)? *;(.*)$/.exec(line) ?? [];
    const isWanted = marker !== undefined && new RegExp(`extra *== *["']${extra}["']`).test(marker);
    return isWanted ? [{ project: project!, versions: versions!.trim() }] : [];
  });
}
