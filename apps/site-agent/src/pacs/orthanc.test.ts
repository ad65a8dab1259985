import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { uidFromName } from '@consilium/dicom';
import { errorCode } from '@consilium/errors';
import { freePort, Orthanc, orthancMissing, SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { identify } from './inbox/identify.js';
import { Inbox } from './inbox/inbox.js';
import { openPacs } from './open-pacs.js';
import { previewStudies } from './preview-studies.js';
import { sendToPacs } from './send-files.js';
import type { PacsEntry } from './settings.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, siteWith, TEST_PACE, writeSlices } from './testing/pacs.fixture.js';

const missing = orthancMissing();
if (missing) console.warn(`pacs: ${missing}`);
const canMount = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0;
if (!canMount) console.warn('pacs: the full disk is skipped: needs unshare -rm');
const NEVER = new AbortController().signal;

describe.skipIf(missing)('against a real Orthanc', () => {
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;
  let receiverPort: number;
  const files = writeSlices({ name: 'plain', studies: 4, slices: 5, size: 64 });

  beforeAll(async () => {
    receiverPort = await freePort();
    orthanc = await Orthanc.start({ peers: { CONSILIUM: receiverPort } });
    site = siteWith(orthanc);
  });
  afterAll(() => orthanc?.remove());

  const request = (kind: 'dicomweb' | 'get' | 'move', ...words: string[]) =>
    requestOf(site.root, site[kind], words, receiverPort);
  const newInbox = () => Inbox.open(newFolder());

  it.each(['dicomweb', 'get'] as const)('greets and sends: %s', async (kind) => {
    const pacs = await openPacs(request(kind), NEVER);
    await pacs.echo(NEVER);
    await pacs.close();
    const half = kind === 'get' ? files.slice(0, 10) : files.slice(10);
    expect(await sendToPacs(request(kind), half, NEVER)).toEqual({ sent: 10, refused: [] });
  });

  it.each(['dicomweb', 'get', 'move'] as const)('previews and fetches, byte for byte: %s', async (kind) => {
    expect(await previewStudies(request(kind), NEVER)).toEqual({
      studies: 4,
      series: 4,
      instances: 20,
      modalities: { CT: 4 },
      years: { 2020: 1, 2021: 1, 2022: 1, 2023: 1 },
    });
    const inbox = await newInbox();
    const result = await fetchStudies(request(kind), inbox, () => {}, NEVER, { patienceMs: 0 });
    expect(result).toMatchObject({ studies: 4, series: 4, instances: 20, arrived: 20, refused: 0, missing: 0 });
    expect(result.duplicates).toBe(0);
    const dataSets = (paths: readonly string[]) => paths.map(dataSetOf).sort();
    expect(dataSets([...inbox.files()].map(({ path }) => path))).toEqual(dataSets(files));
    await inbox.close();
  });

  it.each(['dicomweb', 'get'] as const)('asks for what a query says, and for nothing else: %s', async (kind) => {
    const counted = async (...words: string[]) => {
      const { studies, instances } = await previewStudies(request(kind, ...words), NEVER);
      return [studies, instances];
    };
    expect(await counted('PatientID=plain-1')).toEqual([1, 5]);
    expect(await counted('PatientID=plain-1,plain-3,plain-3')).toEqual([2, 10]);
    expect(await counted('AccessionNumber=A2', 'ModalitiesInStudy=CT,MR')).toEqual([1, 5]);
    expect(await counted('ModalitiesInStudy=MR')).toEqual([0, 0]);
    expect(await counted('StudyDate=20210101-20221231')).toEqual([2, 10]);
    expect(await counted('StudyDate=-20201231')).toEqual([1, 5]);
    expect(await counted(`StudyInstanceUID=${uidFromName('plain study 2')}`)).toEqual([1, 5]);
    expect(await counted('BodyPartExamined=HEAD')).toEqual([2, 10]);
    const inbox = await newInbox();
    const result = await fetchStudies(request(kind, 'BodyPartExamined=HEAD'), inbox, () => {}, NEVER);
    expect(result).toMatchObject({ studies: 2, arrived: 10 });
    await inbox.close();
  });

  it.each(['dicomweb', 'get', 'move'] as const)('moves nothing twice, and stops at once: %s', async (kind) => {
    const folder = newFolder();
    const first = await Inbox.open(folder);
    const stop = new AbortController();
    const pace = { ...TEST_PACE, bytesPerSecond: 40_000 }; // 20 slices of 8 kB would take 4 seconds
    const fetched = fetchStudies({ ...request(kind), pace }, first, () => {}, stop.signal);
    while (first.counts().arrived < 3) await delay(5);
    const began = performance.now();
    stop.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'STOPPED' });
    expect(performance.now() - began).toBeLessThan(1000);
    await first.close();
    const second = await Inbox.open(folder);
    const { arrived: before } = second.counts();
    expect(before).toBeLessThan(20);
    let bytes = 0;
    const result = await fetchStudies(request(kind), second, (progress) => (bytes = progress.bytes), NEVER);
    expect(result).toMatchObject({ arrived: 20, missing: 0, duplicates: 0 });
    expect(bytes).toBe(result.bytes);
    expect(await fetchStudies(request(kind), second, () => {}, NEVER)).toEqual(result);
    await second.close();
  });

  it.each(['dicomweb', 'get', 'move'] as const)(
    'leaves out what is too large, and brings the rest: %s',
    async (kind) => {
      const large = writeSlices({ name: 'large', studies: 1, slices: 3, size: 32 });
      large.push(...writeSlices({ name: 'large', studies: 1, slices: 5, size: 256 }).slice(3));
      expect((await sendToPacs(request('dicomweb'), large, NEVER)).sent).toBe(5);
      const inbox = await Inbox.open(newFolder(), 100_000);
      const result = await fetchStudies(request(kind, 'PatientID=large-0'), inbox, () => {}, NEVER, {
        patienceMs: 5000,
      });
      expect(result).toMatchObject({ instances: 5, arrived: 3, refused: 2, missing: 0 });
      await inbox.close();
    },
  );

  it.skipIf(!canMount).each(['dicomweb', 'get', 'move'] as const)(
    'stops where the disk is full, says so, and goes on when there is room: %s',
    async (kind) => {
      const main = fileURLToPath(new URL('./testing/fetch-main.fixture.ts', import.meta.url));
      const [disk, requestFile] = [newFolder(), join(newFolder(), 'request.json')];
      writeFileSync(requestFile, JSON.stringify(request(kind)));
      const script =
        'mount -t tmpfs -o size=224k tmpfs "$0" && "$@" && mount -o remount,size=16M "$0" && "$@" && ls "$0/inbox/incoming"';
      const words = [disk, process.execPath, ...SOURCE_FLAGS, main, requestFile, join(disk, 'inbox')];
      const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', script, ...words]);
      const [first, second, ...left] = stdout.trim().split('\n');
      const { code, arrived } = JSON.parse(first!) as { code: string; arrived: number };
      expect(code).toBe('DISK_FULL');
      expect(arrived).toBeLessThan(25);
      expect(JSON.parse(second!)).toMatchObject({ arrived: 25, missing: 0, refused: 0 });
      expect(left).toEqual([]);
    },
  );

  it('says what a PACS refuses: credentials, AE titles, a receiver that it does not know', async () => {
    const code = async (pacs: PacsEntry) => {
      const inbox = await newInbox();
      const all = { ...request('move'), pacs, pace: TEST_PACE };
      return fetchStudies(all, inbox, () => {}, NEVER, { patienceMs: 0 })
        .then(() => 'fetched', errorCode)
        .finally(() => inbox.close());
    };
    expect(await code({ name: 'x', dicomweb: { ...site.dicomweb.dicomweb!, passwordFile: 'pacs/user' } })).toBe(
      'PACS_DENIED',
    );
    expect(await code({ name: 'x', dimse: { ...site.get.dimse!, callingAeTitle: 'NOBODY' } })).toBe('PACS_DENIED');
    expect(await code({ name: 'x', dimse: { ...site.get.dimse!, aeTitle: 'ANOTHER' } })).toBe('PACS_DENIED');
    const receiver = { ...request('move').receiver!, aeTitle: 'ELSEWHERE' };
    const inbox = await newInbox();
    const fetched = fetchStudies({ ...request('move'), receiver }, inbox, () => {}, NEVER, { patienceMs: 0 });
    await expect(fetched).rejects.toMatchObject({ code: 'PACS_REFUSED' });
    await inbox.close();
  });
});

/** Everything behind the file meta information, which each PACS writes as it likes. */
function dataSetOf(path: string): string {
  const bytes = readFileSync(path);
  return bytes.subarray(identify(bytes).dataSetAt).toString('base64');
}
