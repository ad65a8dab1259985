import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '@consilium/tensors';
import { freePort, Orthanc, orthancMissing, SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { Inbox } from './inbox/inbox.js';
import type { FetchResult } from './request.js';
import { sendToPacs } from './send-files.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, siteWith, writeSlices } from './testing/pacs.fixture.js';

const missing = orthancMissing();
if (missing) console.warn(`pacs: ${missing}`);
const NEVER = new AbortController().signal;
const WAYS = ['dicomweb', 'get', 'move'] as const;
/** All six by CONSILIUM_TEST_LONG=1; four of them otherwise. */
const IS_LONG = process.env.CONSILIUM_TEST_LONG === '1';
const ALL = 500;
/** When this many have arrived, something dies. */
const MIDDLE = 170;

describe.skipIf(missing)('500 instances', () => {
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;
  let receiverPort: number;

  beforeAll(async () => {
    receiverPort = await freePort();
    orthanc = await Orthanc.start({ peers: { CONSILIUM: receiverPort } });
    site = siteWith(orthanc);
    const files = writeSlices({ name: 'many', studies: 5, slices: ALL / 5, size: 64 });
    const { sent } = await sendToPacs(requestOf(site.root, site.dicomweb, []), files, NEVER);
    expect(sent).toBe(ALL);
  });
  afterAll(() => orthanc?.remove());

  const request = (way: (typeof WAYS)[number]) => requestOf(site.root, site[way], [], receiverPort);

  it.each(IS_LONG ? WAYS : (['dicomweb', 'get'] as const))(
    'arrive once although the PACS is killed in the middle: %s',
    async (way) => {
      const folder = newFolder();
      const inbox = await Inbox.open(folder);
      const fetched = fetchStudies(request(way), inbox, () => {}, NEVER);
      const before = await arrivedInTheMiddle(folder);
      await orthanc.kill();
      await delay(300);
      await orthanc.restart();
      const result = await fetched;
      await inbox.close();
      expect(before).toBeLessThan(ALL);
      await expectAll(folder, result, way);
    },
  );

  it.each(IS_LONG ? WAYS : (['dicomweb', 'move'] as const))(
    'arrive once although the agent is killed in the middle: %s',
    async (way) => {
      const folder = newFolder();
      const requestFile = join(newFolder(), 'request.json');
      writeFileSync(requestFile, JSON.stringify(request(way)));
      const first = run(requestFile, folder);
      const before = await arrivedInTheMiddle(folder);
      first.child.kill('SIGKILL');
      expect(await first.ended).toBeUndefined();
      expect(before).toBeLessThan(ALL);
      const result = await run(requestFile, folder).ended;
      await expectAll(folder, result!, way);
    },
  );
});

/** Every file is the one that its row says, no row is without file, nothing lies about, and nothing came twice. */
async function expectAll(folder: string, result: FetchResult, way: (typeof WAYS)[number]): Promise<void> {
  expect(result).toMatchObject({ instances: ALL, arrived: ALL, refused: 0, missing: 0 });
  // What a PACS pushes after C-MOVE may cross with our asking again; the copy is dropped.
  expect(result.duplicates).toBeLessThanOrEqual(way === 'move' ? 5 : 0);
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  expect(readdirSync(join(folder, 'files'))).toHaveLength(ALL);
  const inbox = await Inbox.open(folder);
  const files = [...inbox.files()];
  await inbox.close();
  expect(new Set(files.map(({ sopUid }) => sopUid)).size).toBe(ALL);
  for (const { path, sha256 } of files) expect(sha256Hex(readFileSync(path))).toBe(sha256);
}

async function arrivedInTheMiddle(folder: string): Promise<number> {
  const files = join(folder, 'files');
  while (!existsSync(files) || readdirSync(files).length < MIDDLE) await delay(2);
  return readdirSync(files).length;
}

function run(requestFile: string, folder: string) {
  const main = fileURLToPath(new URL('./testing/fetch-main.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [...SOURCE_FLAGS, main, requestFile, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const ended = new Promise<FetchResult | undefined>((resolve) =>
    child.once('close', () => resolve(text === '' ? undefined : (JSON.parse(text) as FetchResult))),
  );
  return { child, ended };
}
