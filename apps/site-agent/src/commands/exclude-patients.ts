import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';
import { type IndexExample, summaryOf } from '../datasets/dataset-index.js';
import type { DatasetStore } from '../datasets/dataset-store.js';
import { patientPseudonym } from '../datasets/deidentify.js';
import { type IngestJournal, openJournal } from '../datasets/ingest-journal.js';
import { nearIds } from '../datasets/near-ids.js';
import { parsePatientList } from '../datasets/patient-list.js';
import { requireNoEmptyPart } from '../datasets/split.js';
import { readPseudonymKey, type SiteFolder } from '../platform/site-folder.js';
import { print } from '../platform/terminal.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import { datasetsOfOtherKeys, OTHER_KEY_WARNING } from '../state/dataset-key.js';
import type { SiteState } from '../state/site-state.js';
import { journalPath, requireDataset, withDatasets } from './dataset-place.js';
import {
  afterWithdrawal,
  makeWay,
  type RunUse,
  runsOf,
  type Told,
  type WithdrawOptions,
  withdrawalText,
} from './runs-in-the-way.js';
import { writeContactSheet } from './write-contact-sheet.js';

export interface ExcludeOptions extends WithdrawOptions {
  readonly patients: string;
  readonly dryRun?: boolean;
}

interface Excluded {
  readonly name: string;
  /** Ids of the list, found or not: all are left out of what is added later. */
  readonly patients: number;
  readonly found: number;
  readonly images: number;
  readonly version: string;
  /** Runs under way that this site has left, because they were promised these pictures. */
  readonly left: readonly Told[];
  /** Other datasets that hold pictures of these patients. */
  readonly alsoIn: readonly string[];
  /** Ids of the list that no patient of this site's datasets has, and ids of this dataset that differ in case, blanks or zeros. */
  readonly unmatched: readonly { readonly id: string; readonly near: readonly string[] }[];
}

/**
 * Makes a version of a dataset without the patients of a list, and remembers them for the whole site as keyed hashes: what is
 * added later leaves them out too. Nothing of the site leads back to them from their pseudonyms any more.
 *
 * While runs under way were promised pictures of these patients, that is refused, or the site leaves them.
 *
 * Errors   REQUEST_INVALID, DATASET_NOT_FOUND, DATASET_IN_USE, DATASET_SPLIT_EMPTY (they are remembered all the same), DISK_FULL.
 */
export async function excludePatients(name: string, options: ExcludeOptions): Promise<void> {
  const ids = parsePatientList(await readList(options.patients));
  const { excluded, lines } = await withDatasets(options.dir, async (state, folder, store) => {
    requireDataset(state, name);
    requireOwnKey(folder, state, name);
    const key = readPseudonymKey(folder);
    const patients = new Set([...ids].map((id) => patientPseudonym(id, key)));
    const unmatched = await unmatchedOf(ids, { name, state, folder, store });
    if (options.dryRun) {
      const facts = await countIn(name, patients, { state, folder, store });
      return { excluded: { dryRun: true, ...facts, unmatched }, lines: ['nothing was changed'] };
    }
    const uses = await runsWith(name, patients, { state, folder, store });
    state.transaction(() => {
      makeWay(state, uses, 'patients-excluded', options);
      state.excluded.add(patients);
      state.acts.add('dataset.exclude', name, { listed: patients.size, left: uses.map(({ runId }) => runId) });
    });
    const left = () => afterWithdrawal(folder, state, uses);
    const made = await leaveOut(name, patients, state, folder, store).catch(async (error: unknown) => {
      // The runs are left and the patients remembered, whatever else failed.
      print(withdrawalText(uses, await left()));
      throw error;
    });
    const withdrawal = await left();
    return { excluded: { ...made, left: withdrawal.told, unmatched }, lines: withdrawalText(uses, withdrawal) };
  });
  print(options.json ? JSON.stringify(excluded) : [...text(excluded), ...lines]);
  if (excluded.unmatched.length > 0) process.exitCode = SOME_UNMATCHED;
}

/** All that could be done was done, and an id of the list is of nobody here. */
const SOME_UNMATCHED = 1;

interface Place {
  readonly name: string;
  readonly state: SiteState;
  readonly folder: SiteFolder;
  readonly store: DatasetStore;
}

/** Nothing is matched by guess: who is near is named, for a person to decide. */
async function unmatchedOf(
  ids: ReadonlySet<string>,
  { name, state, folder, store }: Place,
): Promise<Excluded['unmatched']> {
  const key = readPseudonymKey(folder);
  const here = new Set<string>();
  for (const { version } of state.datasets.list())
    for (const { patient } of (await store.load(version)).examples) here.add(patient);
  const before = state.excluded.all();
  const isHere = (id: string) => {
    const patient = patientPseudonym(id, key);
    return (
      here.has(patient) ||
      before.has(patient) ||
      inJournal(folder, name, (j) => j.objectsOf(new Set([patient]))).size > 0
    );
  };
  return [...ids]
    .filter((id) => !isHere(id))
    .map((id) => ({ id, near: nearIds(id).filter((near) => here.has(patientPseudonym(near, key))) }));
}

async function countIn(
  name: string,
  patients: ReadonlySet<string>,
  { state, folder, store }: Omit<Place, 'name'>,
): Promise<Omit<Excluded, 'left' | 'unmatched'>> {
  const { version } = requireDataset(state, name);
  const objects = inJournal(folder, name, (journal) => journal.objectsOf(patients));
  const out = (await store.load(version)).examples.filter((example) => isOf(example, patients, objects));
  const found = new Set(out.map(({ patient }) => patient)).size;
  const alsoIn = await holdersOf(patients, name, state, store);
  return { name, patients: patients.size, found, images: out.length, version, alsoIn };
}

/** The runs under way whose version of the dataset holds pictures of these patients. */
async function runsWith(
  name: string,
  patients: ReadonlySet<string>,
  { state, folder, store }: { readonly state: SiteState; readonly folder: SiteFolder; readonly store: DatasetStore },
): Promise<RunUse[]> {
  const objects = inJournal(folder, name, (journal) => journal.objectsOf(patients));
  const uses: RunUse[] = [];
  for (const use of runsOf(state, name)) {
    const { examples } = await store.load(use.version);
    if (examples.some((example) => isOf(example, patients, objects))) uses.push(use);
  }
  return uses;
}

function isOf({ patient, id }: IndexExample, patients: ReadonlySet<string>, objects: ReadonlySet<string>): boolean {
  return patients.has(patient) || objects.has(id.split('-')[0]!);
}

/** By another key nobody of the list would be found. */
function requireOwnKey(folder: SiteFolder, state: SiteState, name: string): void {
  if (datasetsOfOtherKeys(folder, state).includes(name))
    throw new ConsiliumError('CONFIG_INVALID', { problem: `the dataset ${name} was ${OTHER_KEY_WARNING}` });
}

async function readList(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'the list of patients cannot be opened' }, error);
  }
}

async function leaveOut(
  name: string,
  patients: ReadonlySet<string>,
  state: SiteState,
  folder: SiteFolder,
  store: DatasetStore,
): Promise<Omit<Excluded, 'left' | 'unmatched'>> {
  const before = requireDataset(state, name);
  const index = await store.load(before.version);
  const objects = inJournal(folder, name, (journal) => journal.forgetPatients(patients));
  const isOut = (example: IndexExample) => isOf(example, patients, objects);
  const out = index.examples.filter(isOut);
  forgetLinks(folder, [...patients, ...objects, ...out.flatMap(({ id, study }) => [id.split('-')[0]!, study])]);
  const facts = { name, patients: patients.size, found: new Set(out.map(({ patient }) => patient)).size };
  const alsoIn = await holdersOf(patients, name, state, store);
  if (out.length === 0) return { ...facts, images: 0, version: before.version, alsoIn };
  const rest = { ...index, examples: index.examples.filter((example) => !isOut(example)) };
  const summary = summaryOf(rest);
  requireNoEmptyPart(summary);
  const version = await store.save(rest);
  state.datasets.register(name, version, summary, { madeBy: 'exclude' });
  state.datasets.forgetPatients(name, patients);
  await writeContactSheet(folder, name, version, store);
  return { ...facts, images: out.length, version, alsoIn };
}

/** Answers the objects whose own header names one of them, whatever patient a label table gave them. */
function inJournal(folder: SiteFolder, name: string, act: (journal: IngestJournal) => Set<string>): Set<string> {
  const path = journalPath(folder, name);
  if (!existsSync(path)) return new Set();
  const journal = openJournal(path);
  try {
    return act(journal);
  } finally {
    journal.close();
  }
}

function forgetLinks(folder: SiteFolder, pseudonyms: readonly string[]): void {
  if (!existsSync(folder.pseudonymMap)) return;
  const map = PseudonymMap.open(folder.pseudonymMap, readPseudonymKey(folder));
  try {
    map.forget(pseudonyms);
  } finally {
    map.close();
  }
}

async function holdersOf(
  patients: ReadonlySet<string>,
  name: string,
  state: SiteState,
  store: DatasetStore,
): Promise<string[]> {
  const holders: string[] = [];
  for (const other of state.datasets.list()) {
    if (other.name === name) continue;
    const { examples } = await store.load(other.version);
    if (examples.some(({ patient }) => patients.has(patient))) holders.push(other.name);
  }
  return holders;
}

function text(excluded: Omit<Excluded, 'left'> & { readonly dryRun?: boolean }): string[] {
  const { name, patients, found, images, version, alsoIn, unmatched, dryRun = false } = excluded;
  const lines = [
    `${patients} patients in the list, ${found} of them in dataset ${name}: ${images} images ${dryRun ? 'would be ' : ''}left out`,
    images === 0 || dryRun ? `version ${version} stays` : `version ${version}`,
  ];
  if (!dryRun) lines.push('all of the list are left out of whatever is added later');
  if (alsoIn.length > 0) lines.push(`also in: ${alsoIn.join(', ')} (exclude them there too)`);
  if (unmatched.length > 0)
    lines.push(
      `of ${unmatched.length} ids of the list no picture is here: exactly as they are written, they are nobody's`,
    );
  for (const { id, near } of unmatched)
    lines.push(
      `  ${id}${near.length === 0 ? '' : ` (here is ${near.join(', ')}: if that is the patient, list it so)`}`,
    );
  return lines;
}
