import { ConsiliumError } from '@consilium/errors';
import {
  type IngestLedger,
  NOT_AN_IMAGE,
  type NotAnImageReason,
  type OrphanLabel,
  SET_ASIDE,
  type SetAsideReason,
} from './ingest-ledger.js';

/** For the hospital's own administrator: names files, so it never leaves the site. */
export interface IngestReport {
  readonly filesIn: number;
  readonly filesCounted: number;
  readonly usable: number;
  readonly setAside: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly notImages: Readonly<Partial<Record<NotAnImageReason, number>>>;
  readonly labelRows: number;
  readonly labelsWithoutImage: number;
  /** Every file that is not usable, relative to the folder. */
  readonly files: readonly { readonly file: string; readonly reason: SetAsideReason | NotAnImageReason }[];
  readonly orphanLabels: readonly OrphanLabel[];
}

/** Errors  INTERNAL when a file has no outcome: nothing is ever dropped silently. */
export function reportOf(ledger: IngestLedger): IngestReport {
  const setAside: Partial<Record<SetAsideReason, number>> = {};
  const notImages: Partial<Record<NotAnImageReason, number>> = {};
  const files: { file: string; reason: SetAsideReason | NotAnImageReason }[] = [];
  let usable = 0;
  ledger.files.forEach((file, ordinal) => {
    const outcome = ledger.outcome(ordinal);
    if (!outcome) throw new ConsiliumError('INTERNAL', { unaccounted: ordinal });
    if (outcome.kind === 'usable') {
      usable += 1;
      return;
    }
    if (outcome.kind === 'set-aside') setAside[outcome.reason] = (setAside[outcome.reason] ?? 0) + 1;
    else notImages[outcome.reason] = (notImages[outcome.reason] ?? 0) + 1;
    files.push({ file, reason: outcome.reason });
  });
  return {
    filesIn: ledger.files.length,
    filesCounted: usable + files.length,
    usable,
    setAside,
    notImages,
    labelRows: ledger.labelRows,
    labelsWithoutImage: ledger.orphanLabels.length,
    files,
    orphanLabels: ledger.orphanLabels,
  };
}

/** File names come from the folder and may hold anything: control characters never reach a terminal. */
function printable(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\x7f-\x9f]/g, '?');
}

/** The report as an administrator reads it. */
export function reportText(report: IngestReport): string {
  const lines = [`${report.filesIn} files in, ${report.filesCounted} counted: ${report.usable} usable images`];
  const row = (n: number, text: string) => lines.push(`${String(n).padStart(8)}  ${text}`);
  for (const [reason, n] of Object.entries(report.setAside))
    row(n, `set aside: ${SET_ASIDE[reason as SetAsideReason]} (${reason})`);
  for (const [reason, n] of Object.entries(report.notImages))
    row(n, `no image: ${NOT_AN_IMAGE[reason as NotAnImageReason]} (${reason})`);
  lines.push(`${report.labelRows} lines in the label table, ${report.labelsWithoutImage} of them without an image`);
  const named = report.files.filter(({ reason }) => reason in SET_ASIDE);
  for (const { file, reason } of named) lines.push(`  ${reason.padEnd(20)} ${printable(file)}`);
  for (const { names, line } of report.orphanLabels)
    lines.push(`  ${'label-without-image'.padEnd(20)} ${printable(names)} (line ${line})`);
  return lines.join('\n');
}
