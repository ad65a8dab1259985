import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { errorCode } from '@consilium/errors';
import { identifyFile } from '../inbox/identify.js';
import { itemsOf, parseDatasets, textOf } from './dicom-json.js';
import type { HttpService } from './http.js';

/** Files of one request: a failure costs no more than these again. */
const FILES_A_REQUEST = 50;

/**
 * Stores Part-10 files (STOW-RS), straight from disk; answers the reason of each refusal, '' for files that were taken.
 *
 * Errors   PACS_UNREACHABLE, PACS_DENIED, PACS_REFUSED, PACS_ANSWER_INVALID, STOPPED.
 * Source   DICOM PS3.18 10.5.
 */
export async function stow(http: HttpService, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  const reasons: string[] = [];
  for (let at = 0; at < files.length; at += FILES_A_REQUEST)
    reasons.push(...(await stowOrHalve(http, files.slice(at, at + FILES_A_REQUEST), signal)));
  return reasons;
}

/** A server may refuse a whole request for one of its files: the halves are tried, until that file is alone. */
async function stowOrHalve(http: HttpService, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  try {
    return await stowSome(http, files, signal);
  } catch (error) {
    if (errorCode(error) !== 'PACS_REFUSED') throw error;
    if (files.length === 1) return ['the PACS refuses it'];
    const middle = Math.ceil(files.length / 2);
    return [
      ...(await stowOrHalve(http, files.slice(0, middle), signal)),
      ...(await stowOrHalve(http, files.slice(middle), signal)),
    ];
  }
}

async function stowSome(http: HttpService, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  const identities = await Promise.all(files.map((file) => identifyFile(file)));
  const boundary = randomBytes(24).toString('hex');
  const text = await http.text(
    {
      method: 'POST',
      path: '/studies',
      accept: 'application/dicom+json',
      contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
      body: parts(files, boundary, signal),
    },
    signal,
  );
  const answer = parseDatasets(text)[0] ?? {};
  const taken = new Set(itemsOf(answer, '00081199').map((item) => textOf(item, '00081155')));
  return identities.map(({ sopUid }) => (taken.has(sopUid) ? '' : 'the PACS did not store it'));
}

async function* parts(files: readonly string[], boundary: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const file of files) {
    yield Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
    for await (const chunk of createReadStream(file, { signal, highWaterMark: 256 * 1024 })) yield chunk as Buffer;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}
