import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';
import { type DatasetIndex, summaryOf } from '../datasets/dataset-index.js';
import type { DatasetStore } from '../datasets/dataset-store.js';
import { patientPseudonym } from '../datasets/deidentify.js';
import { openJournal } from '../datasets/ingest-journal.js';
import { parsePatientList } from '../datasets/patient-list.js';
import { requireNoEmptyPart } from '../datasets/split.js';
import { readPseudonymKey, type SiteFolder } from '../platform/site-folder.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import type { SiteState } from '../state/site-state.js';
import { journalPath, type Place, requireDataset, withDatasets } from './dataset-place.js';
import { writeLine } from './print.js';
import { writeContactSheet } from './write-contact-sheet.js';

export interface ExcludeOptions extends Place {
  readonly patients: string;
}

interface Excluded {
  readonly name: string;
  /** Ids of the list, found or not: all are left out of what is added later. */
  readonly patients: number;
  readonly found: number;
  readonly images: number;
  readonly version: string;
  /** A run under way was promised the version before, and keeps it until it ends. */
  readonly keptUntilRunsEnd: boolean;
  /** Other datasets that hold pictures of these patients. */
  readonly alsoIn: readonly string[];
}

/**
 * Makes a version of a dataset without the patients of a list, and remembers them for the whole site as keyed hashes: what is
 * added later leaves them out too. Nothing of the site leads back to them from their pseudonyms any more.
 *
 * Errors   REQUEST_INVALID, DATASET_NOT_FOUND, DATASET_SPLIT_EMPTY (they are remembered all the same), DISK_FULL.
 */
export async function excludePatients(name: string, { dir, json, patients: file }: ExcludeOptions): Promise<void> {
  const ids = parsePatientList(await readList(file));
  const excluded = await withDatasets(dir, async (state, folder, store) => {
    requireDataset(state, name);
    const key = readPseudonymKey(folder);
    const patients = new Set([...ids].map((id) => patientPseudonym(id, key)));
    state.excluded.add(patients);
    return leaveOut(name, patients, state, folder, store);
  });
  writeLine(json ? JSON.stringify(excluded) : text(excluded));
}

async function readList(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
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
): Promise<Excluded> {
  const before = requireDataset(state, name);
  const index = await store.load(before.version);
  const objects = forgetInJournal(folder, name, patients);
  const isOut = ({ patient, id }: DatasetIndex['examples'][number]) =>
    patients.has(patient) || objects.has(id.split('-')[0]!);
  const out = index.examples.filter(isOut);
  forgetLinks(folder, [...patients, ...objects, ...out.flatMap(({ id, study }) => [id.split('-')[0]!, study])]);
  const facts = { name, patients: patients.size, found: new Set(out.map(({ patient }) => patient)).size };
  const alsoIn = await holdersOf(patients, name, state, store);
  if (out.length === 0) return { ...facts, images: 0, version: before.version, keptUntilRunsEnd: false, alsoIn };
  const rest = { ...index, examples: index.examples.filter((example) => !isOut(example)) };
  const summary = summaryOf(rest);
  requireNoEmptyPart(summary);
  const version = await store.save(rest);
  state.datasets.register(name, version, summary, { madeBy: 'exclude' });
  state.datasets.forgetPatients(name, patients);
  await writeContactSheet(folder, name, version, store);
  const keptUntilRunsEnd = state.invitations.boundVersions().has(before.version);
  return { ...facts, images: out.length, version, keptUntilRunsEnd, alsoIn };
}

/** Answers the objects whose own header names one of them, whatever patient a label table gave them. */
function forgetInJournal(folder: SiteFolder, name: string, patients: ReadonlySet<string>): Set<string> {
  const path = journalPath(folder, name);
  if (!existsSync(path)) return new Set();
  const journal = openJournal(path);
  try {
    return journal.forgetPatients(patients);
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

function text({ name, patients, found, images, version, keptUntilRunsEnd, alsoIn }: Excluded): string {
  const lines = [
    `${patients} patients in the list, ${found} of them in dataset ${name}: ${images} images left out`,
    images === 0 ? `version ${version} stays` : `version ${version}`,
    'all of the list are left out of whatever is added later',
  ];
  if (keptUntilRunsEnd) lines.push('a run under way keeps the version before, with them, until it ends');
  if (alsoIn.length > 0) lines.push(`also in: ${alsoIn.join(', ')} (exclude them there too)`);
  return lines.join('\n');
}
