import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS } from '../datasets/image.js';
import type { IngestReport } from '../datasets/ingest-report.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { datasetReport } from './dataset-report.js';
import { describeDataset } from './describe-dataset.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';

const example = (i: number, more: Partial<IndexExample> = {}): IndexExample => ({
  ...{ id: `id-${i}`, patient: `p-${i}`, study: `s-${i}`, series: `e-${i}`, part: PARTS[i % 3]!, label: 'clear' },
  ...{
    sex: 'F',
    ageBand: '50-59',
    manufacturer: 'ACME',
    model: 'X',
    modality: 'CR',
    bodyPart: 'CHEST',
    viewPosition: 'PA',
  },
  ...{ rows: 1, columns: 1, image: { digest: 'd', kind: 'float32' as const }, mask: null },
  ...more,
});
const indexOf = (examples: IndexExample[]): DatasetIndex => ({ format: 'consilium-dataset/1', classes: [], examples });
const ingest: IngestReport = {
  ...{ filesIn: 10, filesCounted: 10, usable: 6, examples: 6, kept: 0, studies: 6, series: 6, instances: 6 },
  ...{ modalities: { CR: 6 }, years: { 2019: 2, 2020: 30 }, framesLeftOut: {} },
  ...{ setAside: { truncated: 3 }, notImages: { mask: 1 }, labelRows: 6, labelsWithoutImage: 0 },
  files: [{ file: 'SECRET-FILE.dcm', reason: 'truncated' }],
  orphanLabels: [],
};
const summary = { train: 2, validation: 2, test: 2 };
const registered = {
  name: 'films',
  version: 'a'.repeat(64),
  summary,
  addedAt: '2026-01-02T03:04:05Z',
  isPublic: false,
};
const entry = { number: 1, version: 'a'.repeat(64), summary, madeBy: 'add', madeAt: '2026-01-02T03:04:05Z' } as const;
const reportOf = (examples: IndexExample[], isExact = false) =>
  datasetReport(registered, [entry], indexOf(examples), ingest, isExact);

it('counts by part and fact, and hides what is small with what would give it away', () => {
  const many = Array.from({ length: 60 }, (_, i) => example(i, { sex: i < 6 ? 'M' : 'F' }));
  const rows = (exact: boolean, title: string) =>
    describeDataset(indexOf(many), exact, ingest).tables.find((table) => table.title.endsWith(title))!.rows;
  expect(rows(false, 'sex')).toEqual([
    ['sex', 'train', 'validation', 'test'],
    ['F', '*', '*', '*'],
    ['M', '*', '*', '*'],
  ]);
  expect(rows(true, 'sex')[2]).toEqual(['M', '2', '2', '2']);
  expect(rows(false, 'year of the study')).toEqual([
    ['year', 'files'],
    ['2019', '*'],
    ['2020', '*'],
  ]);
  expect(rows(true, 'year of the study')[1]).toEqual(['2019', '2']);
});

const HOSTILE = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror=document.title="owned">',
  "' onmouseover='document.title=1",
  '\u001b[2J\u202egpj.exe',
  '</style><script>document.title="owned"</script>',
  '&lt;script&gt;',
  '| a | b |\n# heading',
  '[link](javascript:document.title=1)',
];

it('texts of a stranger are text in every format, and no file is named', () => {
  const report = reportOf(HOSTILE.map((label, i) => example(i, { label, manufacturer: label, model: label })));
  const [page, markdown] = [reportHtml(report, undefined), reportMarkdown(report)];
  expect(page.match(/<script|<img|<\/style>/g)).toEqual(['</style>']);
  expect(page + markdown).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e]/u);
  expect(page + markdown).not.toContain('SECRET-FILE');
  expect(
    markdown
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .every((line) => !line.includes('heading')),
  ).toBe(true);
  expect(markdown).not.toMatch(/[^\\]\]\(/);
});

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));

it.skipIf(!CHROMIUM)(
  'a browser runs nothing of it, and its own policy lets its style through',
  () => {
    const folder = temporaryFolder();
    try {
      const file = join(folder, 'report.html');
      writeFileSync(file, reportHtml(reportOf(HOSTILE.map((label, i) => example(i, { label }))), undefined));
      const words = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--dump-dom',
      ];
      const { stdout, stderr } = spawnSync(CHROMIUM!, [...words, '--enable-logging=stderr', pathToFileURL(file).href], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(stdout).toContain('<title>Dataset films</title>');
      expect(stdout).toContain('6 usable');
      expect(stderr).not.toMatch(/Content Security Policy|Refused to/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  90_000,
);
if (!CHROMIUM) console.warn('skipped: the report in a browser (no chromium on this machine)');
