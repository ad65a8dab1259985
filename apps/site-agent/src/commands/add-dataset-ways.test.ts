import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, Orthanc, orthancMissing } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendToPacs } from '../pacs/send-files.js';
import { siteWith, TEST_PACE, writeSlices } from '../pacs/testing/pacs.fixture.js';
import { addDataset } from './add-dataset.js';
import type { PacsSourceOptions } from './pacs-source.js';

const missing = orthancMissing();
if (missing) console.warn(`dataset add from a PACS: ${missing}`);
const NEVER = new AbortController().signal;
const STUDIES = 12;
const SLICES = 3;

describe.skipIf(missing)('from a real Orthanc', () => {
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;
  let labels: string;
  let receiverPort: number;
  const said: string[] = [];

  beforeAll(async () => {
    receiverPort = await freePort();
    orthanc = await Orthanc.start({ peers: { CONSILIUM: receiverPort } });
    site = siteWith(orthanc);
    const receiver = {
      ...{ aeTitle: 'CONSILIUM', host: '127.0.0.1', port: receiverPort },
      peers: [{ aeTitle: 'CONSILIUM', host: '127.0.0.1' }],
    };
    const settings = { federation: 'f', siteId: 's', coordinator: ['localhost:1'] };
    const pacs = [site.dicomweb, site.get, site.move];
    writeFileSync(join(site.root, 'site.json'), JSON.stringify({ ...settings, pacs, receiver }));
    const files = writeSlices({ name: 'ct', studies: STUDIES, slices: SLICES, size: 32 });
    const request = { root: site.root, pacs: site.dicomweb, pace: TEST_PACE, receiver: undefined };
    expect(await sendToPacs(request, files, NEVER)).toMatchObject({ sent: files.length });
    labels = join(mkdtempSync(join(tmpdir(), 'consilium-labels-')), 'labels.csv');
    const rows = Array.from({ length: STUDIES }, (_, i) => `ct-${i},${i % 2 ? 'head' : 'chest'}`);
    writeFileSync(labels, ['patient_id,label', ...rows].join('\n'));
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await orthanc?.remove();
  });

  const add = async (name: string, options: PacsSourceOptions & { dryRun?: boolean }) => {
    said.length = 0;
    const pace = { studiesPerMinute: 1_000_000, associations: 2 };
    await addDataset(name, { dir: site.root, labels, json: true, quiet: true, ...pace, ...options });
    return JSON.parse(said.join('')) as { version: string; report: { usable: number; filesIn: number } };
  };

  it('DICOMweb, C-GET and C-MOVE make the same version, whose labels come from the patients', async () => {
    const versions = [
      await add('web', { dicomweb: 'web', all: true }),
      await add('get', { dimse: `ORTHANC@127.0.0.1:${orthanc.dicomPort}`, all: true }),
      await add('move', { dimse: 'move', all: true }),
    ];
    expect(new Set(versions.map(({ version }) => version)).size).toBe(1);
    expect(versions.map(({ report }) => report.usable)).toEqual([36, 36, 36]);
    const index = JSON.parse(readFileSync(join(site.root, 'datasets', `${versions[0]!.version}.json`), 'utf8'));
    const labelled = index.examples.filter((example: { label: string }) => example.label === 'head');
    expect(labelled).toHaveLength((STUDIES / 2) * SLICES);
  });

  it('takes what a peer pushes until nobody sends any more', async () => {
    const listening = add('pushed', { listen: true, untilIdle: 2 });
    const peer = { ...site.get, dimse: { ...site.get.dimse!, aeTitle: 'CONSILIUM', port: receiverPort } };
    const files = writeSlices({ name: 'ct', studies: STUDIES, slices: 1, size: 32 });
    await vi.waitFor(
      async () => {
        const request = { root: site.root, pacs: peer, pace: TEST_PACE, receiver: undefined };
        expect(await sendToPacs(request, files, NEVER)).toMatchObject({ sent: STUDIES });
      },
      { timeout: 10_000, interval: 200 },
    );
    expect((await listening).report).toMatchObject({ usable: STUDIES, filesIn: STUDIES });
  });
});
