import { type DeidentifiedHeader, type DicomHeader, deidentify as deidentifyHeader } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { CleanStudies, RawStudies } from '../stages.js';
import type { CleanKeptPicture, CleanNewPicture, CleanPicture, KeptPicture, RawPicture } from './image.js';
import type { IngestLedger } from './ingest-ledger.js';
import { frameOfReferenceKey } from './keyed-hash.js';
import type { LinkKeeper } from './link-keeper.js';

/**
 * Keeps an allow-list of each header and replaces identifiers by keyed pseudonyms; drops the rest.
 *
 * `links` learns what stands behind the pseudonyms.
 *
 * Privacy  the fields are named one by one, so that a field added to RawPicture is not let through by accident.
 */
export function deidentifyWith(key: Uint8Array, links?: Pick<LinkKeeper, 'keep'>) {
  return async (studies: RawStudies): Promise<CleanStudies> => {
    const { ledger, classes, folder, derived } = studies;
    const clean = { images: cleanAll(studies.images, ledger, key, links), ledger, classes, folder, derived };
    return clean as unknown as CleanStudies;
  };
}

async function* cleanAll(
  images: AsyncIterable<RawPicture | KeptPicture>,
  ledger: IngestLedger,
  key: Uint8Array,
  links: Pick<LinkKeeper, 'keep'> | undefined,
): AsyncGenerator<CleanPicture> {
  for await (const image of images) {
    if (image.kind === 'raw') links?.keep(image.file.header, image.patientId);
    const clean = image.kind === 'kept' ? cleanKept(image, key) : cleanNew(image, key);
    if (clean) yield clean;
    else ledger.setAside(image.ordinal, 'contradictory');
  }
}

/** Undefined when the file has nothing that names its picture. */
function cleanNew(raw: RawPicture, key: Uint8Array): CleanNewPicture | undefined {
  const { ordinal, labelled, part, patientId, keys, identity, isSearched } = raw;
  const { header, rows, columns, frames, pixelSpacingMm, remarks, instanceNumber, frameOfReferenceUid } = raw.file;
  const frameOfReference = frameOfReferenceKey(key, frameOfReferenceUid);
  try {
    const ownHeader = deidentifyHeader(header, key);
    return {
      ...{ kind: 'new', ordinal, labelled, part, keys, identity, isSearched, ownHeader },
      header: patientId === undefined ? ownHeader : deidentifyHeader(header, key, { patientId }),
      year: /^(19|20)\d{6}$/.test(header.studyDate) ? header.studyDate.slice(0, 4) : '',
      file: { rows, columns, frames, pixelSpacingMm, remarks, instanceNumber },
      frameOfReference,
    };
  } catch (error) {
    if (error instanceof ConsiliumError && error.code === 'DICOM_INVALID') return undefined;
    throw error;
  }
}

/** A table that names another patient now: its pseudonym, and the kept texts without that patient's words. */
function cleanKept({ ordinal, labelled, part, patientId, stored }: KeptPicture, key: Uint8Array): CleanKeptPicture {
  const { header } = stored;
  if (patientId === undefined) return { kind: 'kept', ordinal, labelled, part, stored, header };
  const again = deidentifyHeader(headerOf(patientId, header), key, { patientId });
  const { patient, manufacturer, model, modality, bodyPart, viewPosition } = again;
  const cleaned = { ...header, patient, manufacturer, model, modality, bodyPart, viewPosition };
  return { kind: 'kept', ordinal, labelled, part, stored, header: cleaned };
}

/** The pseudonym that a patient's pictures have in this site's datasets. */
export function patientPseudonym(patientId: string, key: Uint8Array): string {
  return deidentifyHeader(headerOf(patientId), key).patient;
}

/**
 * A text of a label object as it may be kept: like the texts of a header, and gone where it repeats an identifier.
 * Undefined when nothing is left.
 */
export function cleanLabel(text: string, header: DicomHeader): string | undefined {
  const { manufacturer } = deidentifyHeader({ ...header, sopInstanceUid: '0', manufacturer: text }, NO_KEY);
  return manufacturer === '' ? undefined : manufacturer;
}

/** For what no pseudonym is taken from. */
const NO_KEY = new Uint8Array(32);

function headerOf(patientId: string, texts?: DeidentifiedHeader): DicomHeader {
  return {
    ...{ sopClassUid: '', sopInstanceUid: '0', studyInstanceUid: '0', seriesInstanceUid: '0', patientId },
    ...{ patientName: '', patientBirthDate: '', patientSex: '', patientAge: '', accessionNumber: '', studyDate: '' },
    ...{ institutionName: '', referringPhysicianName: '', deviceSerialNumber: '' },
    manufacturer: texts?.manufacturer ?? '',
    manufacturerModelName: texts?.model ?? '',
    modality: texts?.modality ?? '',
    bodyPartExamined: texts?.bodyPart ?? '',
    viewPosition: texts?.viewPosition ?? '',
  };
}
