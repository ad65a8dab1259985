import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { isMissing, writeDurably } from '@consilium/durability';
import { ConsiliumError, jsonLines } from '@consilium/errors';
import { DatasetStore } from '../datasets/dataset-store.js';
import type { SiteFolder } from '../platform/site-folder.js';
import { print } from '../platform/terminal.js';
import { type DatasetReport, datasetReport } from '../reports/dataset-report.js';
import { reportHtml } from '../reports/report-html.js';
import { reportMarkdown } from '../reports/report-markdown.js';
import { lookingAt, type Place, readReport, reportPath, requireDataset } from './dataset-place.js';

export interface ExportOptions extends Place {
  readonly out: string;
  /** Shows small counts as they are. */
  readonly exact?: boolean;
}

type Format = (report: DatasetReport, sheet: () => Promise<Uint8Array | undefined>) => Promise<string> | string;

const FORMATS: Readonly<Record<string, Format>> = {
  '.md': (report) => reportMarkdown(report),
  '.html': async (report, sheet) => reportHtml(report, await sheet()),
  '.json': (report) => [...jsonLines(report), ''].join('\n'),
};

/**
 * Writes the report of a dataset for people outside the folder: no name of a file, no pseudonym, small counts hidden unless
 * `exact`. The page holds the contact sheet too.
 *
 * Errors   REQUEST_INVALID, DATASET_NOT_FOUND, DISK_FULL.
 */
export async function exportReport(name: string, { dir, json, out, exact }: ExportOptions): Promise<void> {
  const format = FORMATS[extname(out).toLowerCase()];
  if (!format)
    throw new ConsiliumError('REQUEST_INVALID', { problem: `--out ends in ${Object.keys(FORMATS).join(', ')}` });
  return lookingAt(dir, async (state, folder) => {
    const registered = requireDataset(state, name);
    const index = await new DatasetStore(folder.datasets).load(registered.version);
    const report = await readReport(folder, name);
    const whole = datasetReport(registered, state.datasets.history(name), index, report, exact ?? false);
    const text = await format(whole, () => readSheet(folder, name));
    try {
      await writeDurably(out, [Buffer.from(text)]);
    } catch (error) {
      if (error instanceof ConsiliumError) throw error;
      throw new ConsiliumError('REQUEST_INVALID', { problem: '--out cannot be written' }, error);
    }
    print(
      json ? JSON.stringify({ name, version: registered.version, bytes: text.length }) : `report of ${name} written`,
    );
  });
}

async function readSheet(folder: SiteFolder, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(reportPath(folder, name, 'png'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
