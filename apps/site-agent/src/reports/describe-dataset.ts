import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS, type Part } from '../datasets/image.js';
import type { IngestReport } from '../datasets/ingest-report.js';
import { hideSmallCells } from '../datasets/small-cells.js';
import { compareText } from '../datasets/split.js';

export interface CountTable {
  readonly title: string;
  /** The first row holds the names of the columns. */
  readonly rows: readonly (readonly string[])[];
}

export interface DatasetDescription {
  readonly examples: number;
  readonly patients: number;
  readonly studies: number;
  readonly tables: readonly CountTable[];
}

const FACTS: readonly (readonly [title: string, of: (example: IndexExample) => string])[] = [
  ['label', (example) => example.label ?? '(none)'],
  ['mask', (example) => (example.mask === null ? 'no' : 'yes')],
  ['sex', (example) => example.sex],
  ['age', (example) => example.ageBand],
  ['vendor', (example) => example.manufacturer || '(unknown)'],
  ['model', (example) => [example.manufacturer, example.model].filter((text) => text !== '').join(' ') || '(unknown)'],
  ['modality', (example) => example.modality || '(unknown)'],
  ['body part', (example) => example.bodyPart || '(unknown)'],
  ['view', (example) => example.viewPosition || '(unknown)'],
];

/** Counts of examples by part and fact, and of files by year; small ones hidden unless `exact`. */
export function describeDataset(
  index: DatasetIndex,
  exact: boolean,
  report?: Pick<IngestReport, 'years'>,
): DatasetDescription {
  const tables = FACTS.map(([title, of]) => ({
    title: `examples by ${title}`,
    rows: rowsOf(index, title, of, exact),
  }));
  return {
    examples: index.examples.length,
    patients: new Set(index.examples.map(({ patient }) => patient)).size,
    studies: new Set(index.examples.map(({ study }) => study)).size,
    tables: report?.years ? [...tables, yearTable(report.years, exact)] : tables,
  };
}

function rowsOf(index: DatasetIndex, title: string, of: (example: IndexExample) => string, exact: boolean): string[][] {
  const counts = new Map<Part, Map<string, number>>(PARTS.map((part) => [part, new Map()]));
  const values = new Set<string>();
  for (const example of index.examples) {
    const value = of(example);
    values.add(value);
    const own = counts.get(example.part)!;
    own.set(value, (own.get(value) ?? 0) + 1);
  }
  const sorted = [...values].sort(compareText);
  const columns = PARTS.map((part) => {
    const own = counts.get(part)!;
    return shown(new Map(sorted.map((value) => [value, own.get(value) ?? 0])), exact);
  });
  return [[title, ...PARTS], ...sorted.map((value) => [value, ...columns.map((column) => column.get(value)!)])];
}

function yearTable(years: Readonly<Record<string, number>>, exact: boolean): CountTable {
  const counts = shown(new Map(Object.entries(years).sort(([a], [b]) => compareText(a, b))), exact);
  return { title: 'files by year of the study', rows: [['year', 'files'], ...counts] };
}

const HIDDEN = '*';

function shown(counts: ReadonlyMap<string, number>, exact: boolean): Map<string, string> {
  const cells = exact ? counts : hideSmallCells(counts);
  return new Map([...cells].map(([value, n]) => [value, n === 'hidden' ? HIDDEN : String(n)]));
}
