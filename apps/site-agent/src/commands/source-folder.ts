import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { previewStudies } from '../pacs/preview-studies.js';
import type { FetchResult, Preview } from '../pacs/request.js';
import { type SiteFolder, siteFolder } from '../platform/site-folder.js';
import { fetchIntoInbox } from './fetch-into-inbox.js';
import { isPacsSource, type PacsSourceOptions, readPacsSource } from './pacs-source.js';

/** Where the pictures of a dataset come from: exactly one source. */
export interface SourceOptions extends PacsSourceOptions {
  readonly dir: string;
  readonly from?: string;
  /** A folder whose pictures are added to the version that there is. */
  readonly more?: string;
  readonly quiet?: boolean;
}

export interface Source {
  readonly folder: string;
  /** What came of asking a PACS; undefined for a folder of files. */
  readonly fetched: FetchResult | undefined;
}

/**
 * The folder to read; what a PACS has is fetched first, into an inbox of the site that the same command fills up later.
 *
 * Errors   REQUEST_INVALID, and those of the PACS.
 */
export async function sourceFolder(name: string, options: SourceOptions, signal: AbortSignal): Promise<Source> {
  const folders = [options.from, options.more].filter((folder) => folder !== undefined);
  if (folders.length + Number(isPacsSource(options)) !== 1)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'say where the pictures are: one of --from, --more, --dicomweb, --dimse and --listen',
    });
  if (!isPacsSource(options)) return { folder: folders[0]!, fetched: undefined };
  const inbox = inboxFolder(siteFolder(options.dir), name);
  const fetched = await fetchIntoInbox(readPacsSource(options.dir, options), inbox, signal, {
    quiet: options.quiet ?? false,
  });
  return { folder: join(inbox, 'files'), fetched };
}

/** What has come from a PACS for a dataset: the hospital's own files, as they are. */
export function inboxFolder(folder: SiteFolder, name: string): string {
  return join(folder.root, 'inbox', name);
}

/** What a PACS would send; no pixel moves. Errors  REQUEST_INVALID (--listen: nobody is asked), and those of the PACS. */
export async function previewSource(options: SourceOptions, signal: AbortSignal): Promise<Preview> {
  const source = readPacsSource(options.dir, options);
  if (source.kind === 'listen')
    throw new ConsiliumError('REQUEST_INVALID', { problem: '--listen has no dry run: what will be pushed is unknown' });
  return previewStudies(source.request, signal);
}
