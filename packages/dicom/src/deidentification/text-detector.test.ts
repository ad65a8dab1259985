import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTextRegions } from '../index.js';
import { type Canvas, drawText } from './letters.fixture.js';

const DATA = new URL('../../../../../shared/data/', import.meta.url);

/** A soft scene, much like a film: broad waves, some noise, no sharp edge. */
function film(rows: number, columns: number, seed = 1): Canvas {
  let state = seed;
  const noise = () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  };
  const grey = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [y, x] = [Math.floor(i / columns) / rows, (i % columns) / columns];
    const body = 90 + 70 * Math.sin(5 * x + seed) * Math.cos(4 * y) + 25 * Math.sin(40 * y + 9 * x);
    return body + 6 * noise();
  });
  return { rows, columns, grey };
}

it.each([
  ['white, small', 255, 1],
  ['white, of double size', 255, 2],
  ['white, large', 255, 4],
  ['black', 0, 2],
])('finds a name in %s letters, and says where', (_, level, scale) => {
  const canvas = film(400, 500);
  drawText(canvas, 'DOE JANE', { row: 30, column: 20 }, level, scale);
  const regions = findTextRegions(canvas);
  expect(regions.length).toBeGreaterThan(0);
  const best = regions.toSorted((a, b) => b.score - a.score)[0]!;
  expect(best.row).toBeGreaterThanOrEqual(26);
  expect(best.row + best.rows).toBeLessThanOrEqual(34 + 7 * scale);
});

it('finds it in a picture that is searched at a third of its size', () => {
  const canvas = film(3000, 3600);
  drawText(canvas, 'DOE JANE 1972', { row: 2900, column: 2500 }, 255, 6);
  expect(findTextRegions(canvas).some(({ row }) => row > 2850 && row < 2950)).toBe(true);
});

it('finds nothing in soft scenes, in one or two letters, in lines, in noise, and in nothing', () => {
  for (let seed = 1; seed <= 20; seed++) expect(findTextRegions(film(300, 300, seed))).toEqual([]);
  const marker = film(300, 300);
  drawText(marker, 'L', { row: 10, column: 10 }, 255, 3);
  expect(findTextRegions(marker)).toEqual([]);
  const grid = film(300, 300);
  for (let i = 0; i < 300 * 300; i++) if (i % 40 === 0 || Math.floor(i / 300) % 40 === 0) grid.grey[i] = 255;
  expect(findTextRegions(grid)).toEqual([]);
  expect(findTextRegions({ rows: 3, columns: 4, grey: new Float32Array(12) })).toEqual([]);
  expect(findTextRegions({ rows: 100, columns: 100, grey: new Float32Array(10_000) })).toEqual([]);
});

/**
 * All that is flagged of 1,266 films, each seen with the eye: 22 of Radiopaedia that say AP ERECT, MOBILE, dates and times,
 * and 18 of Montgomery that say PA ERECT.
 */
const RADIOPAEDIA_WITH_TEXT = [
  '076d9f1ab85d17bcf0f4f207891974_jumbo',
  '1141cc2b8b9cc394becce5d978b5a7_jumbo',
  '14d81f378173b86cc53f21d2d67040_jumbo',
  '1e64990d1b40c1758a2aaa9c7f7a85_jumbo',
  '21f0cfca1c3d5d11e9eb8f6c670f73_jumbo',
  '582f068ae16494e015cf2b2ed90388_jumbo-1',
  '82cb30b7678c6da229c6dc222c39c9_jumbo',
  'aspiration-pneumonia-5-day10',
  'aspiration-pneumonia-5-day27',
  'aspiration-pneumonia-5-day3',
  'b85b6449f7c3bfc841a973cca0ada7_jumbo',
  'covid-19-pneumonia-23-day1',
  'covid-19-pneumonia-23-day3',
  'covid-19-pneumonia-24-day12',
  'covid-19-pneumonia-41-day-2',
  'covid-19-pneumonia-42',
  'covid-19-pneumonia-43-day2',
  'covid-19-pneumonia-44-day-8',
  'klebsiella-pneumonia-1',
  'legionella-pneumonia-1',
  'pneumococcal-pneumonia-day7',
  'pneumocystis-jirovecii-pneumonia-3-2',
];

const python = '/usr/bin/python3';
const hasPillow = existsSync(DATA) && spawnSync(python, ['-c', 'import PIL']).status === 0;
if (!hasPillow) console.warn('skipped: the detector on real films (../shared/data or Pillow is absent)');

/** Raw grey bytes of every nth picture of a folder, by Pillow: tests need no PNG decoder of their own. */
const READ = `
import glob, sys
from PIL import Image
folder, nth = sys.argv[1], int(sys.argv[2])
for path in sorted(glob.glob(folder + '/*'))[::nth]:
    image = Image.open(path).convert('L')
    name = path.split('/')[-1].rsplit('.', 1)[0]
    sys.stdout.buffer.write(f'{name}\\t{image.height}\\t{image.width}\\n'.encode() + image.tobytes())
`;

function* films(site: string, nth: number): Generator<Canvas & { name: string }> {
  const folder = new URL(`cxr/images/${site}`, DATA).pathname;
  const { stdout } = spawnSync(python, ['-c', READ, folder, String(nth)], { maxBuffer: 2 ** 30 });
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(10, at);
    const [name, rows, columns] = stdout.subarray(at, end).toString().split('\t');
    const size = Number(rows) * Number(columns);
    const grey = Float32Array.from(stdout.subarray(end + 1, end + 1 + size));
    yield { name: name!, rows: Number(rows), columns: Number(columns), grey };
    at = end + 1 + size;
  }
}

describe.skipIf(!hasPillow)('real films', () => {
  it('are flagged where they show text, and nowhere else', { timeout: 300_000 }, () => {
    const flagged: string[] = [];
    let looked = 0;
    for (const [site, nth] of [
      ['radiopaedia', 1],
      ['eurorad', 1],
      ['montgomery', 4],
      ['shenzhen', 12],
      ['guangzhou', 16],
    ] as const) {
      for (const film of films(site, nth)) {
        looked += 1;
        if (findTextRegions(film).length > 0) flagged.push(film.name);
      }
    }
    const wrong = flagged.filter((name) => !RADIOPAEDIA_WITH_TEXT.includes(name) && !name.startsWith('MCUCXR'));
    console.info(`${looked} films: ${flagged.length} flagged, ${wrong.length} of them without text`);
    expect(wrong).toEqual([]);
    expect(RADIOPAEDIA_WITH_TEXT.filter((name) => !flagged.includes(name))).toEqual([]);
    expect(looked).toBeGreaterThan(300);
  });

  it('are flagged when a name is written into them', { timeout: 300_000 }, () => {
    let found = 0;
    let written = 0;
    for (const film of films('shenzhen', 23)) {
      for (const [scale, level] of [
        [1, 255],
        [2, 255],
        [2, 0],
      ] as const) {
        const canvas = { ...film, grey: film.grey.slice() };
        const corner = written % 2 === 0 ? 4 : film.rows - 7 * scale - 4;
        drawText(canvas, 'DOE JANE 1972', { row: corner, column: 4 }, level, scale);
        written += 1;
        if (findTextRegions(canvas).length > 0) found += 1;
      }
    }
    console.info(`names of 7 and 14 pixels written into ${written} films: ${found} found`);
    expect(found / written).toBeGreaterThan(0.9);
  });
});

const hasDcmtk = existsSync(DATA) && spawnSync('dcmj2pnm', ['--version']).status === 0;
if (!hasDcmtk) console.warn('skipped: the detector on DICOM files with text (../shared/data or dcmtk is absent)');

describe.skipIf(!hasDcmtk)('DICOM files', () => {
  /** Grey bytes by dcmj2pnm. */
  function decoded(file: string): Canvas {
    const scratch = mkdtempSync(join(tmpdir(), 'burned-in-'));
    try {
      const args = ['+on', '+Wm', new URL(`dicom/${file}`, DATA).pathname, join(scratch, 'p.png')];
      expect(spawnSync('dcmj2pnm', args).status).toBe(0);
      const code = "import sys\nfrom PIL import Image\ni=Image.open(sys.argv[1]).convert('L')\n";
      const write = "sys.stdout.buffer.write(f'{i.height} {i.width}\\n'.encode()+i.tobytes())";
      const { stdout } = spawnSync(python, ['-c', code + write, join(scratch, 'p.png')], { maxBuffer: 2 ** 28 });
      const end = stdout.indexOf(10);
      const [rows, columns] = stdout.subarray(0, end).toString().split(' ').map(Number) as [number, number];
      return { rows, columns, grey: Float32Array.from(stdout.subarray(end + 1)) };
    } finally {
      rmSync(scratch, { recursive: true });
    }
  }

  it.skipIf(!hasPillow)(
    'with burned-in text are flagged, the others of their folders not',
    { timeout: 120_000 },
    () => {
      const withText = [
        'cxr_dicom/0_ORIGINAL_compressed.dcm',
        'pixel_formats/2023-04-21-RLEPlanarConfigurationYBR_FULL.dcm',
      ];
      const folders = ['cxr_dicom', 'phi'].flatMap((folder) =>
        readdirSync(new URL(`dicom/${folder}`, DATA)).map((name) => `${folder}/${name}`),
      );
      const unreadable = ['cxr_dicom/RG1_J2KI.dcm', 'phi/nested_priv_SQ.dcm']; // JPEG 2000; no pixels
      const clean = folders.filter((file) => !withText.includes(file) && !unreadable.includes(file));
      expect(withText.filter((file) => findTextRegions(decoded(file)).length === 0)).toEqual([]);
      expect(clean.filter((file) => findTextRegions(decoded(file)).length > 0)).toEqual([]);
      expect(clean.length).toBeGreaterThan(8);
    },
  );
});
