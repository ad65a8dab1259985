import type { Preview } from '../pacs/request.js';

/** Of a code string, which a PACS may send longer. */
const LONGEST_VALUE = 16;

/** What a dry run says. */
export function previewText({ studies, series, instances, modalities, years }: Preview): string[] {
  const line = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([key, count]) => `${key === '' ? 'none' : key.slice(0, LONGEST_VALUE)} ${count}`)
      .join(', ') || 'none';
  return [
    `${studies} studies, ${series} series, ${instances} instances would come`,
    `modalities: ${line(modalities)}`,
    `years: ${line(years)}`,
  ];
}
