import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { add, filesOf, PATIENTS } from './pictures.fixture.js';
import { SIDE, writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

/** Each test types several commands. */
vi.setConfig({ testTimeout: 120_000 });

/** Of the site agent, which reads masks. */
const { encode } = createRequire(new URL('../../apps/site-agent/package.json', import.meta.url))('fast-png');
const PIXELS = SIDE * SIDE;

/** A picture of each patient with its PNG mask. */
function masked(of: (patient: string) => { channels?: number; data: readonly number[] }): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'masks'));
  const lines = PATIENTS.map((patient, at) => {
    const file = writeSliceFile(folder, { patient, name: '0', atMm: 0 });
    const { channels = 1, data } = of(patient);
    const png = encode({ width: SIDE, height: SIDE, channels, depth: 8, data: Uint8Array.from(data) });
    writeFileSync(join(folder, 'masks', `${patient}.png`), png);
    return `${file},masks/${patient}.png,${['train', 'validation', 'test'][at % 3]}`;
  });
  writeFileSync(join(folder, 'labels.csv'), ['file,mask,split', ...lines, ''].join('\n'));
  return folder;
}
const marked = (count: number, value = 255) => Array.from({ length: PIXELS }, (_, i) => (i < count ? value : 0));

it('add, show and the report say what masks cover, and warn of empty and full ones', () => {
  const folder = masked((patient) => ({ data: marked({ 'P-0': 0, 'P-1': PIXELS, 'P-2': 16 }[patient] ?? 64) }));
  const dir = newFolder();
  const line =
    '6 masks: in the median 25 % of the picture is marked, from 0 % to 100 %; WARNING: 1 of them mark nothing (0 %); ' +
    'WARNING: 1 of them mark nearly all (95 % or more): full or inverted?';
  const added = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet');
  expect([added.status, added.stdout]).toEqual([0, expect.stringContaining(line)]);
  const shown = siteCommand('dataset', 'show', 'case', '--dir', dir);
  expect([shown.status, shown.stdout]).toEqual([0, expect.stringContaining(line)]);
  const out = join(dir, 'report.md');
  expect(siteCommand('dataset', 'export-report', 'case', '--dir', dir, '--out', out).status).toBe(0);
  expect(readFileSync(out, 'utf8')).toContain('6 masks: in the median 25 % of the picture');
});

it('inverted masks are warned of where most mark more than half of the picture', () => {
  const folder = masked(() => ({ data: marked(PIXELS - 60) }));
  const { status, stdout } = siteCommand('dataset', 'add', 'case', '--dir', newFolder(), '--from', folder, '--quiet');
  expect([status, stdout]).toEqual([
    0,
    expect.stringContaining('WARNING: most mark more than half of the picture: inverted?'),
  ]);
});

it('masks of several values, and those whose shape is in the transparency alone, are set aside by name', () => {
  const grades = [...marked(20, 1).slice(0, 20), ...Array(20).fill(2), ...Array(PIXELS - 40).fill(0)];
  const soft = marked(40).map((value, i) => (i > 30 && i < 40 ? 128 : value));
  const alpha = (grey: number, channels: number) =>
    marked(30).flatMap((value) => [...Array(channels - 1).fill(grey), value]);
  const masks: Record<string, { channels?: number; data: readonly number[] }> = {
    'P-0': { data: grades },
    'P-1': { data: soft },
    'P-2': { channels: 4, data: alpha(255, 4) },
    'P-3': { channels: 2, data: alpha(0, 2) },
  };
  const many = masked((patient) => masks[patient] ?? { data: marked(30, 1) });
  // The two that are left are of two parts; a third would be needed for a dataset.
  const { status, stderr, report } = add(many);
  expect([status, stderr]).toEqual([1, expect.stringContaining('DATASET_SPLIT_EMPTY')]);
  expect(filesOf(report, 'mask-many-valued')).toEqual(['P-0-0.dcm', 'P-1-0.dcm']);
  expect(filesOf(report, 'mask-in-alpha')).toEqual(['P-2-0.dcm', 'P-3-0.dcm']);
  // One value that is not zero is a mask, whatever the value, and so is one with transparency beside its shape.
  const beside = marked(30).flatMap((value, i) => [value, value, value, i % 2 ? 255 : 7]);
  const good = add(masked((patient) => (patient === 'P-0' ? { channels: 4, data: beside } : { data: marked(30, 1) })));
  expect([good.status, good.report.usable]).toEqual([0, 6]);
});
