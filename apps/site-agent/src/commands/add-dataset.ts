import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError, errorCode } from '@consilium/errors';
import type { DatasetStore } from '../datasets/dataset-store.js';
import {
  type DatasetRequest,
  type DerivedUse,
  LABEL_OBJECTS,
  type LabelObject,
  type Reading,
  type TextCheck,
} from '../datasets/image.js';
import { type IngestJournal, openJournal } from '../datasets/ingest-journal.js';
import { type IngestReport, isIncomplete, reportText } from '../datasets/ingest-report.js';
import { LinkKeeper } from '../datasets/link-keeper.js';
import { preparationStages } from '../datasets/prepare.js';
import { parseShares, type Shares } from '../datasets/split.js';
import { changesOf, changesText, type VersionChanges } from '../datasets/version-changes.js';
import { openDecodePool } from '../decoding/decode-pool.js';
import type { FetchResult } from '../pacs/request.js';
import { prepareDataset } from '../pipeline.js';
import { type SiteFolder, siteFolder } from '../platform/site-folder.js';
import { NO_SCREEN, print, printJson, SCREEN, say } from '../platform/terminal.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import type { DatasetVersion } from '../stages.js';
import { fingerprintOf, keyOfSite, OTHER_KEY_WARNING } from '../state/dataset-key.js';
import type { SiteState } from '../state/site-state.js';
import { journalPath, type Place, reportPath, requireDataset, requireName, withDatasets } from './dataset-place.js';
import { dryRun, printDryRun } from './dry-run.js';
import { IngestProgressLine } from './ingest-progress-line.js';
import { isPacsSource } from './pacs-source.js';
import { previewText } from './preview-text.js';
import { previewSource, type SourceOptions, sourceFolder } from './source-folder.js';
import { untilStopped } from './until-stopped.js';
import { writeContactSheet } from './write-contact-sheet.js';

export interface AddOptions extends Place, SourceOptions {
  /** The table's file, or `none`. */
  readonly labels?: string;
  readonly labelsFrom?: string;
  readonly structure?: string;
  readonly reading?: Reading;
  readonly textCheck?: TextCheck;
  readonly derived?: DerivedUse;
  /** A file with the names of files that a person has looked at. */
  readonly lookedAt?: string;
  readonly classes?: readonly string[];
  /** Percent to train, validate and test, for tables that do not say: `60,15,25`. */
  readonly shares?: string;
  readonly public?: boolean;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** The dataset is there; what a PACS lists is not all in it. */
const INCOMPLETE = 1;

/**
 * Prepares a dataset and registers its version under a name. What has been read stays when it is stopped or the disk is
 * full, and the same command goes on there.
 *
 * Errors   REQUEST_INVALID, CONFIG_INVALID, DATASET_NOT_FOUND (--more without a dataset), ALREADY_RUNNING, LABEL_TABLE_INVALID,
 *          DATASET_EMPTY, DATASET_SPLIT_EMPTY, DISK_FULL, STOPPED.
 */
export async function addDataset(name: string, options: AddOptions): Promise<void> {
  requireName(name);
  const shares = options.shares === undefined ? undefined : parseShares(options.shares);
  const display = new IngestProgressLine(options.quiet ? NO_SCREEN : SCREEN);
  await untilStopped(async (signal) => {
    if (options.dryRun && isPacsSource(options)) {
      const preview = await previewSource(options, signal);
      if (options.json) printJson({ dryRun: true, ...preview });
      else print(previewText(preview));
      return;
    }
    const { request, fetched } = await requestOf(name, options, signal);
    if (options.dryRun) {
      const run = await dryRun(request, siteFolder(options.dir), display, signal);
      display.end();
      printDryRun(run, options.json ?? false);
      return;
    }
    await withDatasets(options.dir, async (state, folder, store) => {
      const before = state.datasets.find(name)?.version;
      const made = await prepare({ request, fetched, options, shares, state, folder, store, display }, signal);
      await writeDurably(reportPath(folder, name), [Buffer.from(JSON.stringify(made.report))]);
      const { version, summary, parts } = made;
      const isPublic = options.public === undefined ? {} : { isPublic: options.public };
      const madeBy = options.more === undefined ? 'add' : 'more';
      state.datasets.register(name, version, summary, { madeBy, parts, ...isPublic });
      state.datasets.noteKey(name, fingerprintOf(keyOfSite(folder, state)));
      const contactSheet = await writeContactSheet(folder, name, version, store);
      const changes = before === undefined ? undefined : changesOf(await store.load(before), await store.load(version));
      display.end();
      tell(name, made, { contactSheet, changes }, options.json ?? false);
      if (fetched && isIncomplete(fetched)) process.exitCode = INCOMPLETE;
    });
  }).finally(() => display.end());
}

interface PreparationRequest {
  readonly request: DatasetRequest;
  readonly fetched: FetchResult | undefined;
}

/** Errors  REQUEST_INVALID, and those of the source. */
export async function requestOf(name: string, options: AddOptions, signal: AbortSignal): Promise<PreparationRequest> {
  const { labelsFrom, structure, reading, classes, textCheck, derived } = options;
  if (labelsFrom !== undefined && !LABEL_OBJECTS.some((kind) => kind === labelsFrom))
    throw new ConsiliumError('REQUEST_INVALID', { problem: `--labels-from is one of ${LABEL_OBJECTS.join(', ')}` });
  if (isPacsSource(options) && options.labels === undefined && labelsFrom === undefined)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'a PACS has no label table: --labels FILE, or --labels none',
    });
  const { folder, fetched } = await sourceFolder(name, options, signal);
  const lookedAt = options.lookedAt === undefined ? undefined : await linesOf(options.lookedAt);
  const labels = labelsOf(folder, options);
  const request = {
    ...{ name, folder, labels, classes, structure, reading },
    labelsFrom: labelsFrom as LabelObject,
    textCheck,
    derived,
    lookedAt,
  };
  return { request, fetched };
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/).filter((line) => line !== '');
  } catch (error) {
    throw new ConsiliumError('REQUEST_INVALID', { problem: '--looked-at cannot be opened' }, error);
  }
}

function labelsOf(folder: string, { labels, labelsFrom }: AddOptions): string | undefined {
  if (labels === 'none') return undefined;
  // Label objects may do without a table; a table beside them has to be named.
  return labels ?? (labelsFrom === undefined ? join(folder, 'labels.csv') : undefined);
}

interface Preparation extends PreparationRequest {
  readonly options: AddOptions;
  readonly shares: Shares | undefined;
  readonly state: SiteState;
  readonly folder: SiteFolder;
  readonly store: DatasetStore;
  readonly display: IngestProgressLine;
}

async function prepare(preparation: Preparation, signal: AbortSignal) {
  const { request, fetched, options, shares, state, folder, store, display } = preparation;
  const { name } = request;
  const before = options.more === undefined ? state.datasets.find(name) : requireDataset(state, name);
  const index = before && (await store.load(before.version));
  const parts = new Map(index?.examples.map(({ patient, part }) => [patient, part]));
  const key = keyOfSite(folder, state);
  warnOfOtherKey(state, name, key);
  const journal = openJournal(journalPath(folder, name));
  const pool = openDecodePool();
  const map = PseudonymMap.open(folder.pseudonymMap, key);
  const links = new LinkKeeper(map, key);
  journal.beforeWrite = () => links.write();
  try {
    journal.takeReserve();
    const stages = preparationStages({
      ...{ key, store, journal, pool, links, shares },
      knownParts: new Map([...parts, ...state.datasets.parts(name)]),
      base: options.more === undefined ? undefined : index,
      progress: (progress) => display.show(progress),
      excluded: state.excluded.all(),
      onRefused: (report) => tellRefused(name, withFetched(report, fetched), display, options.json ?? false),
    });
    const made = await prepareDataset(request, stages, signal);
    return { ...made, report: withFetched(made.report, fetched) };
  } catch (error) {
    throw withWhatIsKept(error, journal);
  } finally {
    map.close();
    journal.close();
    await pool.close();
  }
}

/** On standard error, also where the rest is JSON: whoever goes on has been told. */
function warnOfOtherKey({ datasets }: SiteState, name: string, key: Uint8Array): void {
  const made = datasets.keys().get(name);
  if (made !== undefined && made !== fingerprintOf(key)) say(`warning: the dataset ${name} was ${OTHER_KEY_WARNING}`);
}

/** Says with a stop or a full disk that nothing needs to be read twice. */
function withWhatIsKept(error: unknown, journal: IngestJournal): unknown {
  const code = errorCode(error);
  if (code !== 'STOPPED' && code !== 'DISK_FULL') return error;
  const kept = journal.count();
  const problem = `what was read of ${kept} files is kept: the same command goes on there`;
  return new ConsiliumError(code, { problem, kept }, error);
}

function withFetched(report: IngestReport, fetched: FetchResult | undefined): IngestReport {
  return fetched === undefined ? report : { ...report, fetched };
}

/** No dataset comes of it: the report of why is all that there is. */
function tellRefused(name: string, report: IngestReport, display: IngestProgressLine, json: boolean): void {
  display.end();
  if (json) printJson({ name, report });
  else print(reportText(report));
}

interface Told {
  /** Where it lies. */
  readonly contactSheet: string;
  readonly changes: VersionChanges | undefined;
}

function tell(
  name: string,
  made: Pick<DatasetVersion, 'version' | 'summary' | 'report'>,
  { contactSheet, changes }: Told,
  json: boolean,
): void {
  const { version, summary, report } = made;
  if (json) printJson({ name, version, ...summary, changes, report, contactSheet });
  else
    print([
      ...[...reportText(report), ''],
      `dataset ${name}: ${summary.train} train, ${summary.validation} validation, ${summary.test} test examples`,
      `version ${version}`,
      ...(changes ? [`of the version before: ${changesText(changes)}`] : []),
      `what the model will see: ${contactSheet}`,
    ]);
}
