import { deidentify as deidentifyHeader } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { CleanStudies, RawStudies } from '../stages.js';
import type { CleanImage, RawImage } from './image.js';
import type { IngestLedger } from './ingest-ledger.js';

/**
 * Keeps an allow-list of each header and replaces identifiers by keyed pseudonyms; drops the rest.
 *
 * Privacy  the fields are named one by one, so that a field added to RawImage is not let through by accident.
 */
export function deidentifyWith(key: Uint8Array) {
  return async (studies: RawStudies): Promise<CleanStudies> => {
    const { ledger, classes } = studies;
    const clean = { images: cleanAll(studies.images, ledger, key), ledger, classes };
    return clean as unknown as CleanStudies;
  };
}

async function* cleanAll(
  images: AsyncIterable<RawImage>,
  ledger: IngestLedger,
  key: Uint8Array,
): AsyncGenerator<CleanImage> {
  for await (const raw of images) {
    const clean = cleanOne(raw, key);
    if (clean) yield clean;
    else ledger.setAside(raw.ordinal, 'contradictory');
  }
}

/** Undefined when the file has nothing that names its picture. */
function cleanOne(raw: RawImage, key: Uint8Array): CleanImage | undefined {
  const { ordinal, rows, columns, grey, mask, label, part, patientId } = raw;
  try {
    const header = deidentifyHeader(raw.header, key, patientId === undefined ? {} : { patientId });
    return { ordinal, header, rows, columns, grey, mask, label, part };
  } catch (error) {
    if (error instanceof ConsiliumError && error.code === 'DICOM_INVALID') return undefined;
    throw error;
  }
}
