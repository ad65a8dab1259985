import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS } from '../datasets/image.js';
import { hideSmallCells } from '../datasets/small-cells.js';
import { compareText } from '../datasets/split.js';

export interface DatasetDescription {
  readonly examples: number;
  readonly patients: number;
  readonly tables: readonly { readonly title: string; readonly rows: readonly (readonly string[])[] }[];
}

const FACTS: readonly (readonly [title: string, of: (example: IndexExample) => string])[] = [
  ['label', (example) => example.label ?? '(none)'],
  ['sex', (example) => example.sex],
  ['age', (example) => example.ageBand],
  ['vendor', (example) => example.manufacturer || '(unknown)'],
  ['view', (example) => example.viewPosition || '(unknown)'],
];

/** Counts of examples by part and fact; small ones hidden unless `exact`. */
export function describeDataset(index: DatasetIndex, exact: boolean): DatasetDescription {
  return {
    examples: index.examples.length,
    patients: new Set(index.examples.map(({ patient }) => patient)).size,
    tables: FACTS.map(([title, of]) => ({ title: `examples by ${title}`, rows: rowsOf(index, title, of, exact) })),
  };
}

function rowsOf(index: DatasetIndex, title: string, of: (example: IndexExample) => string, exact: boolean): string[][] {
  const values = [...new Set(index.examples.map(of))].sort(compareText);
  const columns = PARTS.map((part) => {
    const own = index.examples.filter((example) => example.part === part).map(of);
    const counts = new Map(values.map((value) => [value, own.filter((other) => other === value).length]));
    return exact ? counts : hideSmallCells(counts);
  });
  const cell = (n: number | 'hidden' | undefined) => (n === 'hidden' ? '*' : String(n ?? 0));
  return [[title, ...PARTS], ...values.map((value) => [value, ...columns.map((column) => cell(column.get(value)))])];
}
