import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Orthanc, orthancMissing } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendToPacs } from '../pacs/send-files.js';
import { requestOf, siteWith } from '../pacs/testing/pacs.fixture.js';
import { film, temporaryFolder } from '../testing/site.fixture.js';
import { addDataset, removeDataset } from './dataset.js';

const missing = orthancMissing();
if (missing) console.warn(`dataset add from a PACS: ${missing}`);

describe.skipIf(missing)('dataset add from a real Orthanc', () => {
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;
  let labels: string;
  const films = temporaryFolder();
  const never = new AbortController().signal;

  const send = async (from: number, count: number) => {
    const files = Array.from({ length: count }, (_, i) => join(films, `film-${from + i}.dcm`));
    for (const [i, file] of files.entries()) writeFileSync(file, film(from + i).dicom);
    expect(await sendToPacs(requestOf(site.root, site.dicomweb, []), files, never)).toMatchObject({ sent: count });
  };
  const add = async (options: object) => {
    let printed = '';
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
        printed += String(text);
        return true;
      }),
      vi.spyOn(process.stderr, 'write').mockReturnValue(true),
    ];
    try {
      await addDataset('films', { dir: site.root, json: true, dicomweb: 'web', studiesPerMinute: 1e6, ...options });
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    return JSON.parse(printed);
  };

  beforeAll(async () => {
    orthanc = await Orthanc.start({});
    site = siteWith(orthanc);
    const settings = { federation: 'f', siteId: 'site-a', coordinator: ['127.0.0.1:1'], pacs: [site.dicomweb] };
    writeFileSync(join(site.root, 'site.json'), JSON.stringify(settings));
    labels = join(site.root, 'labels.csv');
    const lines = Array.from({ length: 30 }, (_, i) => `P-${i},${i % 2 ? 'a' : 'b'}`);
    writeFileSync(labels, ['patient_id,label', ...lines].join('\n'));
    await send(0, 20);
  }, 60_000);
  afterAll(async () => {
    await orthanc?.remove();
    for (const folder of [films, site.root]) rmSync(folder, { recursive: true, force: true });
  });

  it('says what would come, and moves nothing', async () => {
    expect(await add({ all: true, labels, dryRun: true })).toMatchObject({ dryRun: true, studies: 20, instances: 20 });
    expect(existsSync(join(site.root, 'inbox'))).toBe(false);
    await expect(add({ all: true })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(add({ labels })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('fetches, reads, and goes on with what is new; removing the dataset removes what came', async () => {
    const first = await add({ all: true, labels });
    expect(first.report).toMatchObject({
      filesIn: 20,
      filesCounted: 20,
      usable: 20,
      studies: 20,
      labelsWithoutImage: 10,
    });
    await send(20, 5);
    const second = await add({ all: true, labels });
    expect(second.report).toMatchObject({ filesIn: 25, usable: 25, kept: 20 });
    expect(second.version).not.toBe(first.version);
    expect(readdirSync(join(site.root, 'inbox', 'films', 'files'))).toHaveLength(25);
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await removeDataset('films', { dir: site.root });
    vi.restoreAllMocks();
    expect(existsSync(join(site.root, 'inbox', 'films'))).toBe(false);
  }, 120_000);
});
