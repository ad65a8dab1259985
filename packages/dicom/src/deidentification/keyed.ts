import { createHmac } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';

declare const pseudonymBrand: unique symbol;
/** 32 hexadecimal digits of a keyed hash. Without the site's key nothing leads back. */
export type Pseudonym = string & { readonly [pseudonymBrand]: true };

const KEY_BYTES_AT_LEAST = 16;
const SHIFT_DAYS_AT_MOST = 3650;

/** Errors  CONFIG_INVALID when the key is too short to keep a secret. */
export function requireKey(key: Uint8Array): void {
  if (key.length < KEY_BYTES_AT_LEAST) throw new ConsiliumError('CONFIG_INVALID', { keyBytes: key.length });
}

/** HMAC-SHA-256 (RFC 2104) over the kind and the value, cut to 128 bits. */
export function pseudonym(
  key: Uint8Array,
  kind: 'patient' | 'study' | 'series' | 'instance',
  value: string,
): Pseudonym {
  return keyed(key, kind, value).toString('hex').slice(0, 32) as Pseudonym;
}

/**
 * The UID that takes the place of another: the same one for every mention, in every file of the site.
 *
 * Source   DICOM PS3.5 B.2 (UIDs under 2.25), RFC 9562 section 5.8 (custom UUID), over a keyed hash.
 */
export function pseudonymousUid(key: Uint8Array, uid: string): string {
  const bytes = keyed(key, 'uid', uid).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}

/** By how many days the dates of one patient go back: whole days, 1 to 3650, the same in every file. */
export function dateShiftDays(key: Uint8Array, patient: string): number {
  return 1 + (keyed(key, 'date-shift', patient).readUIntBE(0, 6) % SHIFT_DAYS_AT_MOST);
}

function keyed(key: Uint8Array, kind: string, value: string): Buffer {
  return createHmac('sha256', key).update(`${kind}\0${value}`, 'utf8').digest();
}
