import { ConsiliumError } from '@consilium/errors';

const LARGEST_SENT_BYTES = 128 * 1024;
const PDV_HEADER_BYTES = 6;

/**
 * A data set of `length` bytes as P-DATA-TF PDUs of one PDV each, none larger than the peer takes (0: any size). Every PDV is
 * even, as DICOM wants it: a zero follows a data set that is not.
 *
 * Errors   PACS_ANSWER_INVALID when the source has fewer or more bytes.
 * Source   DICOM PS3.8 section 9.3.5 and annex E.
 */
export async function* dataPdus(
  contextId: number,
  source: AsyncIterable<Buffer>,
  length: number,
  mostPduBytes: number,
): AsyncGenerator<Buffer> {
  const most = (Math.min(mostPduBytes || LARGEST_SENT_BYTES, LARGEST_SENT_BYTES) - PDV_HEADER_BYTES) & ~1;
  let left = length;
  let held = EMPTY;
  for await (const chunk of source) {
    left -= chunk.length;
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    // The last piece is kept back: only the end of the source says that it is the last.
    for (; held.length > most; held = held.subarray(most)) yield pdu(contextId, held.subarray(0, most), false);
  }
  if (left !== 0) throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'a file that changes while it is sent' });
  yield pdu(contextId, held.length % 2 === 1 ? Buffer.concat([held, Buffer.alloc(1)]) : held, true);
}

const EMPTY: Buffer = Buffer.alloc(0);

function pdu(contextId: number, piece: Buffer, isLast: boolean): Buffer {
  return Buffer.concat([head(contextId, piece.length, isLast), piece]);
}

function head(contextId: number, length: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = 4;
  bytes.writeUInt32BE(length + 6, 2);
  bytes.writeUInt32BE(length + 2, 6);
  bytes[10] = contextId;
  bytes[11] = isLast ? 2 : 0;
  return bytes;
}
