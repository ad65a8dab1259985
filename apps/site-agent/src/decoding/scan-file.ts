import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ScannedHeader, scanHeader } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';

/** Holds the header of nearly every file. */
const PREFIX_BYTES = 64 * 1024;
/** A header is not longer, with what follows it. */
const LARGEST_PREFIX_BYTES = 17 * 2 ** 20;

const prefix = new Uint8Array(PREFIX_BYTES);

/**
 * The header of a file, from its first bytes where they hold it.
 *
 * Errors   those of `scanHeader`; DICOM_UNREADABLE.
 */
export function scanFile(path: string): ScannedHeader {
  try {
    const file = openSync(path, 'r');
    try {
      return scanOpen(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof ConsiliumError) throw error;
    throw new ConsiliumError('DICOM_UNREADABLE', {}, error);
  }
}

function scanOpen(file: number): ScannedHeader {
  const start = read(file, prefix);
  try {
    return scanHeader(start);
  } catch (error) {
    const isCut = error instanceof ConsiliumError && error.code !== 'DICOM_NOT_DICOM';
    if (start.length < PREFIX_BYTES || !isCut) throw error;
  }
  return scanHeader(read(file, new Uint8Array(Math.min(fstatSync(file).size, LARGEST_PREFIX_BYTES))));
}

function read(file: number, into: Uint8Array): Uint8Array {
  let length = 0;
  while (length < into.length) {
    const bytes = readSync(file, into, length, into.length - length, length);
    if (bytes === 0) break;
    length += bytes;
  }
  return into.subarray(0, length);
}
