import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { prepareDataset } from '../pipeline.js';
import { preparationTools } from '../testing/preparation.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { preparationStages } from './prepare.js';

const folder = fileURLToPath(new URL('../../../../../shared/data/dicom', import.meta.url));
const isThere = existsSync(folder);
if (!isThere) console.warn('skipped: ingest of real DICOM files (../shared/data/dicom is absent)');

it.skipIf(!isThere)(
  'accounts for every file of a folder of all kinds, hostile ones among them, and gives every frame its place',
  async () => {
    const root = temporaryFolder();
    const tools = preparationTools(root, Buffer.alloc(32, 4));
    const request = { name: 'corpus', folder, labels: undefined, classes: undefined, textCheck: 'tag' as const };
    const { report, version } = await prepareDataset(request, preparationStages(tools), new AbortController().signal);
    const { examples } = await tools.store.load(version);
    rmSync(root, { recursive: true });
    const onDisk = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => !entry.isDirectory(),
    );
    expect(report.filesIn).toBe(onDisk.length);
    expect(report.filesCounted).toBe(report.filesIn);
    expect(report.usable).toBeGreaterThan(80);
    expect(report.examples).toBe(examples.length);
    expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
    expect(report.setAside).toMatchObject({ localizer: 3, 'burned-in': 2 });
    expect(report.notImages.annotation).toBeGreaterThan(10);
    expect(report.files).toContainEqual({ file: 'malformed/2026-05-26-oob-monochrome-65535.dcm', reason: 'too-large' });

    const frames = Map.groupBy(
      examples.filter(({ id }) => id.includes('-')),
      ({ id }) => id.split('-')[0]!,
    );
    expect(frames.size).toBeGreaterThan(5);
    for (const own of frames.values())
      expect(own.map(({ id }) => Number(id.split('-')[1])).sort((a, b) => a - b)[0]).toBe(1);
    const volume = [...frames.values()].find((own) => new Set(own.map(({ positionMm }) => positionMm)).size > 5);
    expect(volume?.[0]?.spacingMm?.row).toBeGreaterThan(0);
  },
  120_000,
);
