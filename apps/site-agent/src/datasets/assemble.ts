import { ConsiliumError } from '@consilium/errors';
import { throwIfStopped } from '../platform/stopping.js';
import type { CleanStudies, DatasetVersion } from '../stages.js';
import { type DatasetIndex, type IndexExample, summaryOf } from './dataset-index.js';
import type { DatasetStore } from './dataset-store.js';
import type { CleanImage, Part } from './image.js';
import type { IngestLedger } from './ingest-ledger.js';
import { reportOf } from './ingest-report.js';
import { compareText, requireNoEmptyPart, type Shares, type SplitPatient, splitPatients } from './split.js';
import { storePixels } from './stored-pixels.js';

/** An example that does not know its part yet, unless the label table has said it. */
type Unsplit = Omit<IndexExample, 'part'> & { readonly ordinal: number; readonly given: Part | undefined };

/**
 * Makes a dataset version: pixels by digest, an index whose canonical form's digest is the version, and the split.
 *
 * Errors   DATASET_EMPTY, DATASET_SPLIT_EMPTY, DISK_FULL, STOPPED.
 */
export function assembleWith(store: DatasetStore, key: Uint8Array, shares?: Shares) {
  return async (studies: CleanStudies, signal: AbortSignal): Promise<DatasetVersion> => {
    const { ledger } = studies;
    const unsplit: Unsplit[] = [];
    for await (const image of studies.images) {
      throwIfStopped(signal);
      unsplit.push(await storeOne(image, store));
    }
    const usable = withoutSplitPatients(unsplit, ledger);
    if (usable.length === 0) throw new ConsiliumError('DATASET_EMPTY', { files: ledger.files.length });
    const index = indexOf(usable, studies.classes, (patients) => splitPatients(patients, key, shares));
    const version = await store.save(index);
    return { version, summary: summaryOf(index), report: reportOf(ledger) } as DatasetVersion;
  };
}

async function storeOne(image: CleanImage, store: DatasetStore): Promise<Unsplit> {
  const { header, rows, columns } = image;
  return {
    ordinal: image.ordinal,
    given: image.part,
    id: header.instance,
    patient: header.patient,
    study: header.study,
    label: image.label ?? null,
    sex: header.sex,
    ageBand: header.ageBand,
    manufacturer: header.manufacturer,
    model: header.model,
    modality: header.modality,
    bodyPart: header.bodyPart,
    viewPosition: header.viewPosition,
    rows,
    columns,
    image: await storePixels(image.grey, store.blobs),
    mask: image.mask ? await store.blobs.put(image.mask) : null,
  };
}

/** A patient whom the table puts into two parts would leak from training into the test: out with all of them. */
function withoutSplitPatients(examples: readonly Unsplit[], ledger: IngestLedger): Unsplit[] {
  const byPatient = Map.groupBy(examples, (example) => example.patient);
  return examples.filter((example) => {
    const parts = new Set(byPatient.get(example.patient)!.map(({ given }) => given));
    if (parts.size > 1) ledger.setAside(example.ordinal, 'patient-in-two-parts');
    return parts.size === 1;
  });
}

function indexOf(
  examples: readonly Unsplit[],
  classes: readonly string[] | undefined,
  split: (patients: SplitPatient[]) => Map<string, Part>,
): DatasetIndex {
  const isGiven = examples.every(({ given }) => given !== undefined);
  const parts = isGiven ? undefined : split(patientsOf(examples));
  const placed = examples.map(({ ordinal, given, ...example }) => ({
    ...example,
    part: parts?.get(example.patient) ?? given!,
  }));
  const count = (part: Part) => placed.filter((example) => example.part === part).length;
  requireNoEmptyPart({ train: count('train'), validation: count('validation'), test: count('test') });
  const labels = new Set(examples.flatMap(({ label }) => (label === null ? [] : [label])));
  return {
    format: 'consilium-dataset/1',
    classes: classes ?? [...labels].sort(compareText),
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
