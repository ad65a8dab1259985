import { printable } from '@consilium/errors';
import type { DatasetReport } from './dataset-report.js';
import { madeByText } from './made-by-text.js';

export function reportMarkdown(report: DatasetReport): string {
  const { summary, ingest } = report;
  const parts = [
    `# Dataset ${markdownText(report.name)}`,
    table([
      ['', ''],
      ['version', report.version],
      ['added', report.addedAt],
      ['public', report.isPublic ? 'yes' : 'no'],
      ['images', String(report.examples)],
      ['patients', String(report.patients)],
      ['studies', String(report.studies)],
      ['train, validation, test', `${summary.train}, ${summary.validation}, ${summary.test}`],
    ]),
  ];
  if (ingest) {
    const { filesIn, filesCounted, usable, studies, series, instances } = ingest;
    parts.push(
      '## What came in',
      `${filesIn} files in, ${filesCounted} counted: ${usable} usable, which give ${ingest.examples} images. ` +
        `The DICOM objects among them: ${instances} instances of ${series} series of ${studies} studies.`,
      table([
        ['files', 'what became of them'],
        [String(usable), 'usable'],
        ...ingest.reasons.map(({ kind, count, say, reason }) => [String(count), `${kind}: ${say} (${reason})`]),
      ]),
      ...(ingest.fetched === undefined ? [] : [`${markdownText(ingest.fetched)}.`]),
      ...(ingest.volumes === undefined ? [] : [`${markdownText(ingest.volumes)}.`]),
      ...(ingest.masks === undefined ? [] : [`${markdownText(ingest.masks)}.`]),
      `Label table: ${ingest.labelRows} lines, ${ingest.labelsWithoutImage} of them without an image.`,
    );
  }
  parts.push('## What the images are');
  for (const { title, rows } of report.tables) parts.push(`### ${title}`, table(rows));
  if (!report.isExact) parts.push('Counts below 5, and what would give them away, are hidden (\\*).');
  parts.push(
    '## Versions',
    table([
      ['number', 'made', 'by', 'train', 'validation', 'test', 'version'],
      ...report.history.map(({ number, madeAt, madeBy, summary: s, version }) => [
        ...[String(number), madeAt.slice(0, 16), madeByText(madeBy)],
        ...[s.train, s.validation, s.test].map(String),
        version.slice(0, 12),
      ]),
    ]),
  );
  return `${parts.join('\n\n')}\n`;
}

function table([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  return [line(head!), `|${' --- |'.repeat(head!.length)}`, ...rows.map(line)].join('\n');
}

/** Every mark of Markdown and HTML as the character that it is. */
function markdownText(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>#|~&]/g, '\\$&');
}
