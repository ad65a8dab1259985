import { freePort, Orthanc, orthancMissing } from '@consilium/testkit';
import { expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { Inbox } from './inbox/inbox.js';
import { sendToPacs } from './send-files.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, siteWith, TEST_PACE, writeSlices } from './testing/pacs.fixture.js';

const isLong = process.env.CONSILIUM_TEST_LONG === '1';
const NEVER = new AbortController().signal;
const SLICES = 200;

/** By CONSILIUM_TEST_LONG=1: figures for a person, no limits, because the disk and the PACS decide. */
it.skipIf(!isLong || orthancMissing() !== undefined)(
  '200 slices of 0.5 MB go and come',
  async () => {
    const receiverPort = await freePort();
    const files = writeSlices({ name: 'speed', studies: 1, slices: SLICES, size: 512 });
    for (const associations of [1, 4]) {
      const orthanc = await Orthanc.start({ peers: { CONSILIUM: receiverPort } });
      const site = siteWith(orthanc);
      const pace = { ...TEST_PACE, associations };
      const timed = async (name: string, work: () => Promise<number>) => {
        const began = performance.now();
        expect(await work()).toBe(SLICES);
        const seconds = (performance.now() - began) / 1000;
        console.log(`${name}, ${associations} at a time: ${seconds.toFixed(2)} s`);
      };
      try {
        for (const way of ['dicomweb', 'get'] as const)
          await timed(way === 'get' ? 'C-STORE' : 'STOW', async () => {
            return (await sendToPacs({ ...requestOf(site.root, site[way], []), pace }, files, NEVER)).sent;
          });
        for (const way of ['dicomweb', 'get', 'move'] as const)
          await timed({ dicomweb: 'WADO', get: 'C-GET', move: 'C-MOVE' }[way], async () => {
            const inbox = await Inbox.open(newFolder());
            const request = { ...requestOf(site.root, site[way], [], receiverPort), pace };
            const { arrived } = await fetchStudies(request, inbox, () => {}, NEVER);
            await inbox.close();
            return arrived;
          });
      } finally {
        await orthanc.remove();
      }
    }
  },
  300_000,
);
