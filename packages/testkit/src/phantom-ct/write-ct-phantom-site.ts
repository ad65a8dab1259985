import { CODES } from '@consilium/dicom';
import { type VolumeSite, type VolumeSiteOrder, writeVolumeSite } from '../phantom-volume/write-volume-site.js';
import type { CtSiteProfile } from './ct-profiles.js';
import { takeCtStudy } from './take-ct-study.js';

export interface CtPhantomSiteOrder extends VolumeSiteOrder {
  readonly profile: CtSiteProfile;
}

/**
 * Writes a hospital's folder of chest CT: slices (label `nodule` or `clear`), masks of the nodules, `labels.csv`. Same order, same
 * bytes. The bodies are drawn by formula; no part of them comes from a patient.
 */
export function writeCtPhantomSite(order: CtPhantomSiteOrder): VolumeSite {
  const { profile } = order;
  return writeVolumeSite(order, {
    population: profile,
    take: (study) => takeCtStudy({ ...study, profile }),
    lesionLabel: 'nodule',
    words: { type: CODES.nodule, site: CODES.lung, procedure: CODES.ctOfChest },
  });
}
