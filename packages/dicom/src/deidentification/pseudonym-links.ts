import type { DicomHeader } from '../parsing/header.js';
import { pseudonym, pseudonymousUid } from './keyed.js';

/** What stands for what: for the site's own map, and for nobody else. */
export interface PseudonymLink {
  readonly kind: 'patient' | 'study' | 'series' | 'instance';
  readonly pseudonym: string;
  readonly original: string;
}

export type Identifiers = Pick<DicomHeader, 'patientId' | 'studyInstanceUid' | 'seriesInstanceUid' | 'sopInstanceUid'>;

/**
 * The links of one file: for its study and instance both the pseudonym of the dataset index and the UID of a written file.
 * An identifier that the file does not have has no link.
 */
export function pseudonymLinks(identifiers: Identifiers, key: Uint8Array): PseudonymLink[] {
  const { patientId, studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: instance } = identifiers;
  const links: PseudonymLink[] = [
    { kind: 'patient', pseudonym: pseudonym(key, 'patient', patientId), original: patientId },
    { kind: 'study', pseudonym: pseudonym(key, 'study', study), original: study },
    { kind: 'study', pseudonym: pseudonymousUid(key, study), original: study },
    { kind: 'series', pseudonym: pseudonymousUid(key, series), original: series },
    { kind: 'instance', pseudonym: pseudonym(key, 'instance', instance), original: instance },
    { kind: 'instance', pseudonym: pseudonymousUid(key, instance), original: instance },
  ];
  return links.filter(({ original }) => original !== '');
}
