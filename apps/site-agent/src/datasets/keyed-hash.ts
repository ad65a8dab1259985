import { createHmac } from 'node:crypto';
import type { DicomHeader } from '@consilium/dicom';

/** 32 hexadecimal digits; without the site's key nothing leads back. Kinds keep hashes of equal texts apart. */
export function keyedHash(key: Uint8Array, kind: string, value: string): string {
  return createHmac('sha256', key).update(`${kind}\0${value}`, 'utf8').digest('hex').slice(0, 32);
}

/**
 * By what label tables name a picture, as keyed hashes: so the journal can keep them, and a line added later still finds the
 * picture without its file being read again.
 */
export interface JoinKeys {
  readonly file: string;
  readonly instance: string;
  readonly series: string;
  readonly study: string;
  readonly patient: string;
}

export type JoinKind = keyof JoinKeys;

export function joinKey(key: Uint8Array, kind: JoinKind, value: string): string {
  return keyedHash(key, `label of ${kind}`, value);
}

/** By it slices of one frame of reference know each other; '' for a file that does not say. */
export function frameOfReferenceKey(key: Uint8Array, uid: string): string {
  return uid && keyedHash(key, 'frame of reference', uid);
}

/** `file` is relative to the folder, with forward slashes. A header without an identifier matches no line by it. */
export function joinKeysOf(key: Uint8Array, file: string, header: DicomHeader): JoinKeys {
  return {
    file: joinKey(key, 'file', nameKey(file)),
    instance: joinKey(key, 'instance', header.sopInstanceUid),
    series: joinKey(key, 'series', header.seriesInstanceUid),
    study: joinKey(key, 'study', header.studyInstanceUid),
    patient: joinKey(key, 'patient', header.patientId),
  };
}

/** One file has one name, however its accents are stored. */
export function nameKey(file: string): string {
  return file.normalize('NFC');
}
