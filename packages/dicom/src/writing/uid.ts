import { createHash } from 'node:crypto';

/**
 * A UID under 2.25 that depends on the name alone: the same name gives the same UID for ever.
 *
 * Numbers  the first 128 bits of SHA-256, with version 8 and the variant bits of a custom UUID.
 * Source   DICOM PS3.5 B.2, RFC 9562 section 5.8.
 */
export function uidFromName(name: string): string {
  const bytes = createHash('sha256').update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
