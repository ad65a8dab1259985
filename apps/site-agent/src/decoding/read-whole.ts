import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';

const LARGEST_FILE_BYTES = 512 * 2 ** 20;
/** Up to here the room is kept for the next file: to make it anew costs more than to read a slice of a CT. */
const KEPT_BYTES = 16 * 2 ** 20;

let room = new Uint8Array(2 ** 20);

/**
 * A whole file, in room that the next call uses again: what is made of it must not point into it any longer by then.
 *
 * Errors   DICOM_TOO_LARGE, DICOM_UNREADABLE (it shrank while it was read, too).
 */
export function readWhole(path: string): Uint8Array {
  try {
    // Without O_NONBLOCK a pipe in the folder would be waited for.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readOpen(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof ConsiliumError) throw error;
    throw new ConsiliumError('DICOM_UNREADABLE', {}, error);
  }
}

function readOpen(descriptor: number): Uint8Array {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) throw new ConsiliumError('DICOM_UNREADABLE');
  if (stats.size > LARGEST_FILE_BYTES) throw new ConsiliumError('DICOM_TOO_LARGE', { bytes: stats.size });
  if (stats.size > KEPT_BYTES) return filled(new Uint8Array(stats.size), descriptor);
  if (stats.size > room.length) room = new Uint8Array(2 ** Math.ceil(Math.log2(stats.size)));
  return filled(room.subarray(0, stats.size), descriptor);
}

function filled(bytes: Uint8Array, descriptor: number): Uint8Array {
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (count === 0) throw new ConsiliumError('DICOM_UNREADABLE', { bytes: at, expected: bytes.length });
    at += count;
  }
  return bytes;
}
