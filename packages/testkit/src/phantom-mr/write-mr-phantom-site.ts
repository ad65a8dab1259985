import { CODES } from '@consilium/dicom';
import { type VolumeSite, type VolumeSiteOrder, writeVolumeSite } from '../phantom-volume/write-volume-site.js';
import type { MrSiteProfile } from './mr-profiles.js';
import { takeMrStudy } from './take-mr-study.js';

export interface MrPhantomSiteOrder extends VolumeSiteOrder {
  readonly profile: MrSiteProfile;
}

/**
 * Writes a hospital's folder of head MR: slices (label `lesion` or `clear`), masks of the lesions, `labels.csv`. Same order, same
 * bytes. The heads are drawn by formula; no part of them comes from a patient.
 */
export function writeMrPhantomSite(order: MrPhantomSiteOrder): VolumeSite {
  const { profile } = order;
  return writeVolumeSite(order, {
    population: profile,
    take: (study) => takeMrStudy({ ...study, profile }),
    lesionLabel: 'lesion',
    words: { type: CODES.lesion, site: CODES.brain, procedure: CODES.mrOfHead },
  });
}
