import type { Preview } from '../pacs/request.js';

/** What a dry run says. */
export function previewText({ studies, series, instances, modalities, years }: Preview): string {
  const line = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([key, count]) => `${key === '' ? 'none' : printable(key)} ${count}`)
      .join(', ') || 'none';
  return [
    `${studies} studies, ${series} series, ${instances} instances would come`,
    `modalities: ${line(modalities)}`,
    `years: ${line(years)}`,
  ].join('\n');
}

/** A PACS's text on a terminal: letters, digits and what joins them, nothing that steers the terminal. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._-]/gu, '?').slice(0, 16);
}
