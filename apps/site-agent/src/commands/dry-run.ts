import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatasetStore } from '../datasets/dataset-store.js';
import type { FolderReading } from '../datasets/folder-reading.js';
import type { DatasetRequest } from '../datasets/image.js';
import { scanRequest } from '../datasets/ingest.js';
import { IngestJournal } from '../datasets/ingest-journal.js';
import { NOT_AN_IMAGE, SET_ASIDE } from '../datasets/ingest-ledger.js';
import type { ScannedFolder } from '../datasets/scan-folder.js';
import { openDecodePool } from '../decoding/decode-pool.js';
import { readPseudonymKey, type SiteFolder } from '../platform/site-folder.js';
import { print, printJson, table } from '../platform/terminal.js';
import { openSiteState } from '../state/site-state.js';
import type { IngestProgressLine } from './ingest-progress-line.js';

/** What would come of a folder, by the headers of its files. */
export interface DryRun {
  readonly filesIn: number;
  /** Would be read, and become images unless something is wrong with their pixels. */
  readonly pictures: number;
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  readonly modalities: Readonly<Record<string, number>>;
  readonly setAside: Readonly<Record<string, number>>;
  readonly notImages: Readonly<Record<string, number>>;
  /** Counted among the pictures; their header cannot be read, and most will be set aside. */
  readonly headersRefused: Readonly<Record<string, number>>;
  readonly labelRows: number;
  readonly labelRowsMatched: number;
}

/** Looks at headers alone. Nothing is written, not even a key: without one a random one serves. Errors  as `addDataset`. */
export async function dryRun(
  request: DatasetRequest,
  folder: SiteFolder,
  display: IngestProgressLine,
  signal: AbortSignal,
): Promise<DryRun> {
  const key = existsSync(folder.pseudonymKey) ? readPseudonymKey(folder) : randomBytes(32);
  const journal = IngestJournal.open(':memory:', 'dry run');
  const pool = openDecodePool();
  try {
    const { reading, scanned } = await scanRequest(
      {
        ...{ key, pool, journal, blobs: new DatasetStore(folder.datasets).blobs },
        progress: (state) => display.show(state),
        excluded: excludedPatients(folder),
      },
      request,
      signal,
    );
    return summed(reading, scanned);
  } finally {
    await pool.close();
    journal.close();
  }
}

function excludedPatients(folder: SiteFolder): ReadonlySet<string> {
  if (!existsSync(folder.state)) return new Set();
  const state = openSiteState(folder.state);
  try {
    return state.excluded.all();
  } finally {
    state.close();
  }
}

function summed({ ledger, join }: FolderReading, { pictures, refused }: ScannedFolder): DryRun {
  const setAside: Record<string, number> = {};
  const notImages: Record<string, number> = {};
  for (const ordinal of ledger.files.keys()) {
    const outcome = ledger.outcome(ordinal);
    if (outcome === undefined || outcome.kind === 'usable') continue;
    const counts = outcome.kind === 'set-aside' ? setAside : notImages;
    counts[outcome.reason] = (counts[outcome.reason] ?? 0) + 1;
  }
  return {
    filesIn: ledger.files.length,
    pictures: pictures.length,
    ...ledger.objects.totals,
    modalities: Object.fromEntries(ledger.objects.modalities),
    setAside,
    notImages,
    headersRefused: Object.fromEntries(refused),
    labelRows: ledger.labelRows,
    labelRowsMatched: ledger.labelRows - (join?.orphans().length ?? 0),
  };
}

export function printDryRun(run: DryRun, json: boolean): void {
  if (json) {
    printJson({ dryRun: true, ...run });
    return;
  }
  const rows = (kind: string, counts: Readonly<Record<string, number>>, say: Readonly<Record<string, string>>) =>
    Object.entries(counts).map(([reason, n]) => [String(n), `${kind}: ${say[reason] ?? reason} (${reason})`]);
  print([
    `${run.filesIn} files: ${run.instances} DICOM objects of ${run.series} series of ${run.studies} studies`,
    ...table([
      ...Object.entries(run.modalities).map(([modality, n]) => [String(n), `modality ${modality}`]),
      [String(run.pictures), 'would be read as pictures'],
      ...rows('would be set aside', run.setAside, SET_ASIDE),
      ...rows('no image', run.notImages, NOT_AN_IMAGE),
      ...rows('of the pictures, the header cannot be read', run.headersRefused, {}),
    ]),
    `${run.labelRows} lines in the label table, ${run.labelRowsMatched} of them match a file`,
    'dry run: headers only, nothing is written',
  ]);
}
