import type { Acquisition } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { throwIfStopped } from '../platform/stopping.js';
import type { CleanStudies, DatasetVersion } from '../stages.js';
import { type DatasetIndex, type IndexExample, summaryOf } from './dataset-index.js';
import type { DatasetStore } from './dataset-store.js';
import { type SeenPicture, seenPicture } from './duplicate-check.js';
import { folderHash, pathHash } from './file-identity.js';
import type { CleanNewPicture, CleanPicture, FrameLabel, MaskFact, Part, StoredPicture } from './image.js';
import type { IngestJournal } from './ingest-journal.js';
import type { IngestLedger } from './ingest-ledger.js';
import { type IngestReport, reportOf } from './ingest-report.js';
import { keyedHash } from './keyed-hash.js';
import { maskAreas } from './mask-areas.js';
import { NotSlices } from './not-slices.js';
import { SeriesCheck } from './series-check.js';
import { positionAlongNormalMm } from './slice-position.js';
import { withoutCopies, withoutNotSlices } from './sort-out.js';
import { compareText, requireNoEmptyPart, type Shares, type SplitPatient, splitPatients } from './split.js';
import { storePixels } from './stored-pixels.js';

export interface AssembleTools {
  readonly store: DatasetStore;
  readonly key: Uint8Array;
  readonly journal: IngestJournal;
  readonly shares?: Shares | undefined;
  /** Patient -> the part that an earlier version of the dataset has put them into: they stay there. */
  readonly knownParts?: ReadonlyMap<string, Part> | undefined;
  /** The version to add to: what it holds stays. */
  readonly base?: DatasetIndex | undefined;
  /** Told what became of the files where no dataset comes of them. */
  readonly onRefused?: ((report: IngestReport) => void) | undefined;
}

/** An example that does not know its part yet, unless the label table has said it. */
interface Unsplit extends Omit<IndexExample, 'part'> {
  readonly given: Part | undefined;
  /** Undefined for an example of the version before. */
  readonly from: { readonly ordinal: number; readonly frame: number; readonly year: string } | undefined;
}

/**
 * Makes a dataset version: pixels by digest, an index whose canonical form's digest is the version, and the split. Whatever
 * was read before a failure is in the journal.
 *
 * Errors   DATASET_EMPTY, DATASET_SPLIT_EMPTY, DISK_FULL, STOPPED.
 */
export function assembleWith(tools: AssembleTools) {
  return async (studies: CleanStudies, signal: AbortSignal): Promise<DatasetVersion> => {
    const { ledger, classes } = studies;
    const volumes = new SeriesCheck();
    const read = await readAll(studies, tools, volumes, signal);
    const unsplit = withoutSplitPatients(read, tools, ledger);
    const reported = () =>
      reportOf(ledger, {
        ...countsOf(unsplit),
        volumes: volumes.counts(),
        masks: maskAreas(unsplit),
        classes: classesOf(unsplit),
      });
    const index = indexOrRefusal(unsplit, classes, tools, reported);
    const version = await tools.store.save(index);
    tools.journal.markDurable();
    const names = new Set(ledger.files.map((file) => pathHash(studies.folder, file, tools.key)));
    tools.journal.forgetOthers(folderHash(studies.folder, tools.key), names);
    return {
      version,
      summary: summaryOf(index),
      report: reported(),
      parts: partsOf(index),
    } as unknown as DatasetVersion;
  };
}

/** Errors  DATASET_EMPTY, DATASET_SPLIT_EMPTY. */
function indexOrRefusal(
  examples: readonly Unsplit[],
  classes: readonly string[] | undefined,
  tools: AssembleTools,
  report: () => IngestReport,
): DatasetIndex {
  try {
    if (examples.length === 0) throw new ConsiliumError('DATASET_EMPTY');
    return indexOf(examples, classes, tools);
  } catch (error) {
    if (error instanceof ConsiliumError) tools.onRefused?.(report());
    throw error;
  }
}

async function readAll(
  studies: CleanStudies,
  tools: AssembleTools,
  volumes: SeriesCheck,
  signal: AbortSignal,
): Promise<Unsplit[]> {
  const { ledger } = studies;
  const examples: Unsplit[] = [];
  const seen: SeenPicture[] = [];
  const slices = new Map<number, StoredPicture>();
  const remarks = new Map<number, StoredPicture['remarks']>();
  const notSlices = new NotSlices(studies.derived);
  try {
    for await (const picture of studies.images) {
      throwIfStopped(signal);
      const { ordinal } = picture;
      const stored = picture.kind === 'kept' ? picture.stored : await storeNew(picture, tools);
      const own: Unsplit[] = [];
      for (const labelled of picture.labelled) own.push(await exampleOf(picture, stored, labelled, tools));
      examples.push(...own);
      const said = own.map(({ from, label, mask }) => ({ frame: from!.frame, label, mask }));
      seen.push(seenPicture(ordinal, picture.header.patient, stored, said));
      notSlices.add(ordinal, stored);
      if (stored.frames.some(({ place }) => place !== null)) slices.set(ordinal, stored);
      if (stored.remarks.length > 0) remarks.set(ordinal, stored.remarks);
    }
  } finally {
    tools.journal.flush();
  }
  const slicesOnly = withoutNotSlices(examples, notSlices, ledger);
  const { kept, ofBase } = withoutCopies(slicesOnly, seen, tools.base, ledger);
  const base = baseExamples(tools.base).filter(({ id }) => !ofBase.has(id.split('-')[0]!));
  ledger.contradictedBefore = (tools.base?.examples.length ?? 0) - base.length;
  const used = (ordinal: number) => ledger.outcome(ordinal)?.kind === 'usable';
  const withText = slicesOfSeriesWithText(new Map([...slices].filter(([ordinal]) => used(ordinal))), ledger);
  for (const [ordinal, stored] of slices) if (used(ordinal)) volumes.add(stored);
  for (const [ordinal, found] of remarks) if (used(ordinal)) ledger.remark(found);
  return [...base, ...kept.filter(({ from }) => !withText.has(from!.ordinal))];
}

/**
 * A slice that may show text would leave a hole in its volume, and its neighbours are of the same patient: all slices of its series are set
 * aside with it.
 */
function slicesOfSeriesWithText(slices: ReadonlyMap<number, StoredPicture>, ledger: IngestLedger): Set<number> {
  const withText = [...slices].filter(([, { keys }]) => ledger.seriesWithText.has(keys.series));
  for (const [ordinal] of withText) ledger.setAside(ordinal, 'series-with-text');
  return new Set(withText.map(([ordinal]) => ordinal));
}

async function storeNew(picture: CleanNewPicture, tools: AssembleTools): Promise<StoredPicture> {
  const { store, journal } = tools;
  const { file, keys, ownHeader: header, year, identity, isSearched, frameOfReference } = picture;
  const frames: StoredPicture['frames'][number][] = [];
  for (const { grey, place = null, acquisition } of file.frames) {
    const taken = place && { ...acquisition, values: comparable(acquisition.values, tools.key) };
    frames.push({ image: await storePixels(grey, store.blobs), place, acquisition: taken });
  }
  const { rows, columns, pixelSpacingMm, remarks, instanceNumber } = file;
  const spacingMm = pixelSpacingMm ?? null;
  const read = { rows, columns, spacingMm, remarks, instanceNumber, frameOfReference, frames };
  const stored = { keys, header, year, isSearched, ...read };
  journal.add(identity, { kind: 'picture', picture: stored });
  return stored;
}

/** Texts of a header may say anything: what is kept of them is whether they are equal. */
function comparable(values: Acquisition['values'], key: Uint8Array): Acquisition['values'] {
  const compared = ([name, value]: [string, string | number]) =>
    [name, typeof value === 'number' ? value : keyedHash(key, 'acquisition', value).slice(0, 16)] as const;
  return Object.fromEntries(Object.entries(values).map(compared));
}

async function exampleOf(
  { header, ordinal, part }: CleanPicture,
  { rows, columns, spacingMm, frames, year }: StoredPicture,
  { frame, label, mask }: FrameLabel,
  tools: AssembleTools,
): Promise<Unsplit> {
  const { image, place } = frames[frame]!;
  return {
    from: { ordinal, frame, year },
    given: part,
    id: frames.length === 1 ? header.instance : `${header.instance}-${frame + 1}`,
    patient: header.patient,
    study: header.study,
    series: header.series,
    label: label ?? null,
    sex: header.sex,
    ageBand: header.ageBand,
    manufacturer: header.manufacturer,
    model: header.model,
    modality: header.modality,
    bodyPart: header.bodyPart,
    viewPosition: header.viewPosition,
    rows,
    columns,
    spacingMm,
    positionMm: place && positionAlongNormalMm(place),
    image,
    ...(mask === undefined ? NO_MASK : await storeMask(mask, rows, columns, tools)),
  };
}

const NO_MASK = { mask: null, maskPixels: null };

async function storeMask(
  mask: MaskFact,
  rows: number,
  columns: number,
  { store, journal }: AssembleTools,
): Promise<{ readonly mask: string; readonly maskPixels: number }> {
  const pixels = mask.kind === 'read' ? mask.pixels : await store.blobs.get(mask.digest);
  const maskPixels = pixels.reduce((sum, value) => sum + value, 0);
  if (mask.kind === 'stored') return { mask: mask.digest, maskPixels };
  const digest = await store.blobs.put(mask.pixels);
  if (mask.identity) journal.add(mask.identity, { kind: 'mask', rows, columns, digest });
  return { mask: digest, maskPixels };
}

function baseExamples(base: DatasetIndex | undefined): Unsplit[] {
  return (base?.examples ?? []).map(({ part: _, ...example }) => ({ ...example, given: undefined, from: undefined }));
}

/** A patient in two parts would leak from training into the test: out with all of the patient's new pictures. */
function withoutSplitPatients(examples: readonly Unsplit[], tools: AssembleTools, ledger: IngestLedger): Unsplit[] {
  const given = new Map<string, Set<Part | undefined>>();
  for (const example of examples) {
    if (!example.from) continue;
    const parts = given.get(example.patient) ?? new Set();
    given.set(example.patient, parts.add(example.given));
  }
  return examples.filter(({ from, patient, given: part }) => {
    if (!from) return true;
    const known = tools.knownParts?.get(patient);
    const isSplit = given.get(patient)!.size > 1;
    const isMoved = part !== undefined && known !== undefined && part !== known;
    if (isSplit) ledger.setAside(from.ordinal, 'patient-in-two-parts');
    else if (isMoved) ledger.setAside(from.ordinal, 'part-changed');
    return !isSplit && !isMoved;
  });
}

function indexOf(
  examples: readonly Unsplit[],
  classes: readonly string[] | undefined,
  { key, shares, knownParts, base }: AssembleTools,
): DatasetIndex {
  const settled = new Map<string, Part>();
  for (const { patient, given } of examples) {
    const part = knownParts?.get(patient) ?? given;
    if (part !== undefined) settled.set(patient, part);
  }
  const open = examples.filter(({ patient }) => !settled.has(patient));
  const parts = open.length === 0 ? settled : splitPatients(patientsOf(open), key, shares, settled);
  const placed = examples.map(({ from: _, given: __, ...example }) => ({
    ...example,
    part: parts.get(example.patient)!,
  }));
  const count = (part: Part) => placed.filter((example) => example.part === part).length;
  requireNoEmptyPart({ train: count('train'), validation: count('validation'), test: count('test') });
  const labels = new Set(examples.flatMap(({ label }) => (label === null ? [] : [label])));
  const known = classes && new Set([...(base?.classes ?? []), ...classes]);
  return {
    format: 'consilium-dataset/1',
    classes: known ? [...known] : [...new Set([...(base?.classes ?? []), ...labels])].sort(compareText),
    examples: placed.sort((a, b) => compareText(a.id, b.id)),
  };
}

/** A patient's stratum is the sex and all labels that occur among the patient's pictures. */
function patientsOf(examples: readonly Unsplit[]): SplitPatient[] {
  return [...Map.groupBy(examples, (example) => example.patient)].map(([pseudonym, own]) => {
    const labels = [...new Set(own.map(({ label }) => label ?? ''))].sort(compareText);
    const sexes = [...new Set(own.map(({ sex }) => sex))].sort(compareText);
    return { pseudonym, stratum: JSON.stringify([labels, sexes]) };
  });
}

function partsOf(index: DatasetIndex): Map<string, Part> {
  return new Map(index.examples.map(({ patient, part }) => [patient, part]));
}

function classesOf(examples: readonly Unsplit[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of examples) if (label !== null) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Of the examples that this reading gave; a file counts once for its year. */
function countsOf(examples: readonly Unsplit[]): { examples: number; years: Record<string, number> } {
  const years: Record<string, number> = {};
  let last: number | undefined;
  let count = 0;
  for (const { from } of examples) {
    if (!from) continue;
    count += 1;
    if (from.ordinal !== last) years[from.year || 'unknown'] = (years[from.year || 'unknown'] ?? 0) + 1;
    last = from.ordinal;
  }
  return { examples: count, years };
}
