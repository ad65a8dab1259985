import { ConsiliumError } from '@consilium/errors';

/** One answer of QIDO-RS or STOW-RS (PS3.18 F.2): tag -> value. Only texts and numbers of the top level are ever read. */
export type JsonDataset = Readonly<Record<string, { readonly Value?: readonly unknown[] } | undefined>>;

/** Errors  PACS_ANSWER_INVALID. */
export function parseDatasets(text: string): JsonDataset[] {
  let value: unknown;
  try {
    value = text === '' ? [] : JSON.parse(text);
  } catch (error) {
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'not JSON' }, error);
  }
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((it) => typeof it === 'object' && it !== null && !Array.isArray(it)))
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'not a list of datasets' });
  return list as JsonDataset[];
}

export function textsOf(dataset: JsonDataset, tag: string): string[] {
  const values = dataset[tag]?.Value;
  return Array.isArray(values) ? values.flatMap((value) => (typeof value === 'string' ? [value.trim()] : [])) : [];
}

export function textOf(dataset: JsonDataset, tag: string): string {
  return textsOf(dataset, tag)[0] ?? '';
}

export function countOf(dataset: JsonDataset, tag: string): number | undefined {
  const value: unknown = dataset[tag]?.Value?.[0];
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

export function itemsOf(dataset: JsonDataset, tag: string): JsonDataset[] {
  const values = dataset[tag]?.Value;
  return Array.isArray(values) ? values.filter((value) => typeof value === 'object' && value !== null) : [];
}
