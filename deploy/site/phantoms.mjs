// The phantoms that the pictures of preprocessing.md are made from: the testkit's, through a DICOM file and the reader, as a site's are.
import { openImage, toGrey, writeSlice } from '@consilium/dicom';
import { CT_SITE_PROFILES, MR_SITE_PROFILES, SITE_PROFILES, takeCtStudy, takeMrStudy } from '@consilium/testkit';
import { takeFilm } from '../../packages/testkit/dist/phantom/film.js';

const PATIENT = { id: 'PICTURES-1', sex: 'M', ageYears: 61, hasLesions: true, studies: 1 };
const ORDER = { seed: 'pictures', siteId: 'pictures', patient: PATIENT, study: 0 };

/** The slice of a series that shows most of its lesions, with their masks laid over each other. */
function sliceOf({ source, lesions, sliceAt }) {
  const seen = (k) => lesions.reduce((sum, { masks }) => sum + masks[k].reduce((a, b) => a + b), 0);
  const k = source.images.map((_, at) => at).reduce((best, at) => (seen(at) > seen(best) ? at : best));
  const frame = openImage(writeSlice(sliceAt(k))).readFrame(0);
  const mask = new Uint8Array(frame.rows * frame.columns);
  for (const { masks } of lesions) for (let i = 0; i < mask.length; i++) mask[i] |= masks[k][i];
  return { rows: frame.rows, columns: frame.columns, grey: toGrey(frame), mask, spacingMm: frame.pixelSpacingMm };
}

/** A slice of a chest, from a scanner with a field of view of so many mm. */
export function chestSlice(fieldOfViewMm = 400) {
  const [profile] = CT_SITE_PROFILES;
  const protocol = { ...profile.protocol, fieldOfViewMm };
  return sliceOf(takeCtStudy({ ...ORDER, profile: { ...profile, protocol } })[0]);
}

/** A slice of a head, from a low field. */
export function headSlice(noise) {
  const profile = MR_SITE_PROFILES[1];
  const protocol = { ...profile.protocol, noise };
  return sliceOf(takeMrStudy({ ...ORDER, profile: { ...profile, protocol } })[0]);
}

/** A film of a chest, higher than wide. */
export function chestFilm() {
  const [profile] = SITE_PROFILES;
  const protocol = { ...profile.protocol, rows: 256, columns: 208, pixelSpacingMm: 1.4, collimation: 0 };
  const { rows, columns, stored, mask } = takeFilm({
    seed: 'pictures',
    task: 'segmentation',
    patient: PATIENT,
    film: 0,
    label: undefined,
    profile: { ...profile, protocol },
  });
  return { rows, columns, grey: Float32Array.from(stored), mask, spacingMm: { row: 1.4, column: 1.4 } };
}
