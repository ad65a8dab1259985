export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';

/**
 * What is asked for with C-GET, the more common first: each in a context of its own, so that the PACS sends what it has and
 * converts nothing. Where an association has no room for all, the rest is asked for again by name, a series at a time.
 */
export const TRANSFER_SYNTAXES = [
  '1.2.840.10008.1.2.1', // explicit, little endian
  IMPLICIT_LITTLE_ENDIAN,
  '1.2.840.10008.1.2.4.70', // JPEG lossless, first-order prediction
  '1.2.840.10008.1.2.4.90', // JPEG 2000 lossless
  '1.2.840.10008.1.2.4.91', // JPEG 2000
  '1.2.840.10008.1.2.4.80', // JPEG-LS lossless
  '1.2.840.10008.1.2.4.50', // JPEG baseline
  '1.2.840.10008.1.2.5', // RLE
  '1.2.840.10008.1.2.4.57', // JPEG lossless
  '1.2.840.10008.1.2.4.51', // JPEG extended
  '1.2.840.10008.1.2.4.81', // JPEG-LS near-lossless
  '1.2.840.10008.1.2.2', // explicit, big endian
  '1.2.840.10008.1.2.1.99', // deflated
  '1.2.840.10008.1.2.4.201', // HTJ2K lossless
  '1.2.840.10008.1.2.4.202', // HTJ2K lossless RPCL
  '1.2.840.10008.1.2.4.203', // HTJ2K
  '1.2.840.10008.1.2.4.53', // JPEG spectral selection, retired
  '1.2.840.10008.1.2.4.55', // JPEG full progression, retired
  '1.2.840.10008.1.2.8.1', // deflated frames
  '1.2.840.10008.1.2.4.110', // JPEG XL lossless
  '1.2.840.10008.1.2.4.111', // JPEG XL of a JPEG
  '1.2.840.10008.1.2.4.112', // JPEG XL
] as const;

/** What a peer pushes is taken as it is: whether it can be read is for the ingest to say, with its reason. */
export function isTransferSyntax(uid: string): boolean {
  return uid === IMPLICIT_LITTLE_ENDIAN || uid.startsWith(`${IMPLICIT_LITTLE_ENDIAN}.`);
}

/** Storage classes (PS3.4 B.5): images, structured reports, segmentations, radiotherapy. Private ones are not of it. */
export function isStorageClass(uid: string): boolean {
  return uid.startsWith('1.2.840.10008.5.1.4.1.1.') || uid.startsWith('1.2.840.10008.5.1.4.34.');
}
