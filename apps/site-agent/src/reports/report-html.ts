import { createHash } from 'node:crypto';
import { htmlText } from '@consilium/errors';
import type { DatasetReport, IngestAccount } from './dataset-report.js';
import type { CountTable } from './describe-dataset.js';
import { madeByText } from './made-by-text.js';
import { REPORT_STYLE } from './report-style.js';

/**
 * The report as one page that needs nothing else: no script, no address, one style that its policy names by digest. Texts
 * that came with the pictures are escaped and stripped of what a page would act on.
 */
export function reportHtml(report: DatasetReport, contactSheet: Uint8Array | undefined): string {
  const styleDigest = createHash('sha256').update(REPORT_STYLE).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${styleDigest}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Dataset ${htmlText(report.name)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
${[head(report), report.ingest && account(report.ingest), pictures(contactSheet), tables(report), history(report)]
  .filter((part) => part !== undefined)
  .join('\n')}
</main>
</body>
</html>
`;
}

function head({ name, version, addedAt, isPublic, summary, examples, patients, studies }: DatasetReport): string {
  const figures: readonly (readonly [number, string])[] = [
    [examples, 'images'],
    [patients, 'patients'],
    [studies, 'studies'],
    [summary.train, 'to train'],
    [summary.validation, 'to validate'],
    [summary.test, 'to test'],
  ];
  return `<header>
<h1>Dataset ${htmlText(name)}</h1>
<p class="quiet">${isPublic ? '<span class="mark">public</span> ' : ''}added ${htmlText(addedAt.slice(0, 16).replace('T', ' '))}
UTC, version <code>${htmlText(version)}</code></p>
<dl class="figures">${figures.map(([n, text]) => `<div><dd>${number(n)}</dd><dt>${text}</dt></div>`).join('')}</dl>
</header>`;
}

function account(ingest: IngestAccount): string {
  const { filesIn, filesCounted, usable, reasons, studies, series, instances } = ingest;
  const isWhole = filesIn === filesCounted;
  const bar = (kind: string, count: number) =>
    `<rect class="${kind}" x="${offset(kind)}" width="${(100 * count) / Math.max(filesIn, 1)}" height="4"/>`;
  const counted = (kind: string) =>
    reasons.filter((row) => row.kind === kind).reduce((sum, { count }) => sum + count, 0);
  const [aside, other] = [counted('set aside'), counted('no image')];
  const offset = (kind: string) =>
    (100 * { usable: 0, aside: usable, other: usable + aside }[kind as 'usable']) / Math.max(filesIn, 1);
  const rows = reasons.map(
    ({ kind, say, reason, count }) =>
      `<tr><td class="n">${number(count)}</td><td><span class="key ${KEYS[kind]}"></span>${kind}: ${htmlText(say)} <code>${htmlText(reason)}</code></td></tr>`,
  );
  return `<section>
<h2>What came in</h2>
<p><strong>${number(filesIn)} files in, ${number(filesCounted)} counted</strong>${isWhole ? '' : ' (this should not be: please report it)'}.
The DICOM objects among them are ${number(instances)} instances of ${number(series)} series of ${number(studies)} studies
(${Object.entries(ingest.modalities)
    .map(([modality, n]) => `${htmlText(modality)} ${number(n)}`)
    .join(', ')}).</p>
<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="${usable} usable, ${aside} set aside, ${other} no images">${bar('usable', usable)}${bar('aside', aside)}${bar('other', other)}</svg>
<div class="scroll"><table class="list"><tbody>
<tr><td class="n">${number(usable)}</td><td><span class="key usable"></span>usable, which give ${number(ingest.examples)} images</td></tr>
${rows.join('\n')}
</tbody></table></div>
${ingest.fetched === undefined ? '' : `<p>${htmlText(ingest.fetched)}.</p>\n`}${ingest.volumes === undefined ? '' : `<p class="quiet">${htmlText(ingest.volumes)}.</p>\n`}${ingest.masks === undefined ? '' : `<p>${htmlText(ingest.masks)}.</p>\n`}<p class="quiet">Label table: ${number(ingest.labelRows)} lines, ${number(ingest.labelsWithoutImage)} of them without an image.</p>
</section>`;
}

const KEYS = { 'set aside': 'aside', 'no image': 'other', 'frame left out': 'frame', used: 'used' } as const;

function pictures(contactSheet: Uint8Array | undefined): string | undefined {
  if (!contactSheet) return undefined;
  const data = Buffer.from(contactSheet.buffer, contactSheet.byteOffset, contactSheet.byteLength).toString('base64');
  return `<section>
<h2>What the model will see</h2>
<p class="quiet">Up to 64 images, spread over labels and vendors; masks as white outlines. Look for text burned into them.</p>
<div class="scroll"><img class="sheet" alt="Contact sheet of images of the dataset" src="data:image/png;base64,${data}"></div>
</section>`;
}

function tables({ tables: all, isExact }: DatasetReport): string {
  return `<section>
<h2>What the images are</h2>
<div class="grid">${all.map(countTable).join('\n')}</div>
<p class="quiet">${isExact ? 'All counts are shown as they are.' : 'Counts below 5, and what would give them away, are hidden (*).'}</p>
</section>`;
}

function countTable({ title, rows: [names, ...rows] }: CountTable): string {
  const head = names!.map((name, i) => `<th${i === 0 ? '' : ' class="n"'}>${htmlText(name)}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, i) => (i === 0 ? `<td>${htmlText(cell)}</td>` : `<td class="n">${htmlText(cell)}</td>`)).join('')}</tr>`,
  );
  return `<div class="scroll"><table><caption>${htmlText(title)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function history({ history: versions }: DatasetReport): string {
  const rows = versions.map(
    ({ number: n, madeAt, madeBy, summary, version }) =>
      `<tr><td class="n">${n}</td><td>${htmlText(madeAt.slice(0, 16).replace('T', ' '))}</td><td>${madeByText(madeBy)}</td>` +
      [summary.train, summary.validation, summary.test].map((count) => `<td class="n">${number(count)}</td>`).join('') +
      `<td><code>${htmlText(version.slice(0, 12))}</code></td></tr>`,
  );
  return `<section>
<h2>Versions</h2>
<div class="scroll"><table class="list versions"><thead><tr><th class="n">number</th><th>made</th><th>because</th><th class="n">train</th>
<th class="n">validation</th><th class="n">test</th><th>version</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
</section>`;
}

function number(n: number): string {
  return n.toLocaleString('en-GB');
}
