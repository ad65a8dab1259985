import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { Inbox } from './inbox/inbox.js';
import { previewStudies } from './preview-studies.js';
import type { FetchRequest } from './request.js';
import { sendToPacs } from './send-files.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, writeSlices } from './testing/pacs.fixture.js';

const NEVER = new AbortController().signal;

function dcmtkMissing(): string | undefined {
  try {
    execFileSync('dcmqrscp', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'skipped: needs Debian package dcmtk';
  }
}
const missing = dcmtkMissing();
if (missing) console.warn(`pacs, dcmqrscp: ${missing}`);

/** An archive that says less than Orthanc does: no modalities of a study, no counts, no class of an instance. */
describe.skipIf(missing)("against DCMTK's archive", () => {
  let archive: ChildProcess;
  let port: number;
  let receiverPort: number;

  beforeAll(async () => {
    [port, receiverPort] = [await freePort(), await freePort()];
    const folder = newFolder();
    mkdirSync(join(folder, 'db'));
    const settings = `NetworkTCPPort = ${port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
us = (CONSILIUM, localhost, ${receiverPort})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE ${folder}/db RW (20, 64mb) us
AETable END
`;
    writeFileSync(join(folder, 'settings'), settings);
    archive = spawn('dcmqrscp', ['-c', join(folder, 'settings')], { stdio: 'ignore' });
    for (let tries = 0; tries < 200 && !(await accepts(port)); tries++) await delay(25);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => archive?.once('exit', resolve));
    archive?.kill('SIGKILL');
    await ended;
  });

  function request(retrieve: 'get' | 'move', ...words: string[]): FetchRequest {
    const dimse = { aeTitle: 'ARCHIVE', host: '127.0.0.1', port, callingAeTitle: 'CONSILIUM', allowLoopback: true };
    return requestOf('/nowhere', { name: 'archive', dimse: { ...dimse, retrieve } }, words, receiverPort);
  }

  it('sends, previews and fetches: C-STORE, C-FIND, C-GET, C-MOVE', async () => {
    const files = writeSlices({ name: 'archive', studies: 2, slices: 4, size: 32 });
    expect(await sendToPacs(request('get'), files, NEVER)).toEqual({ sent: 8, refused: [] });
    expect(await previewStudies(request('get', 'PatientID=archive-1'), NEVER)).toEqual({
      studies: 1,
      series: 1,
      instances: 4,
      modalities: { CT: 1 },
      years: { 2021: 1 },
    });
    for (const retrieve of ['get', 'move'] as const) {
      const inbox = await Inbox.open(newFolder());
      const result = await fetchStudies(request(retrieve), inbox, () => {}, NEVER, { patienceMs: 0 });
      expect(result).toMatchObject({ studies: 2, arrived: 8, refused: 0, missing: 0 });
      await inbox.close();
    }
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
