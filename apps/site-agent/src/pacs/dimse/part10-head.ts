import { uidFromName } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { UID } from '../inbox/identify.js';

const IMPLEMENTATION = uidFromName('consilium implementation class');

/**
 * Preamble and file meta information for a data set that came over DIMSE, which has none.
 *
 * Errors   PACS_ANSWER_INVALID when a UID is none.
 * Source   DICOM PS3.10 section 7.1.
 */
export function part10Head(object: {
  readonly sopClassUid: string;
  readonly sopUid: string;
  readonly transferSyntaxUid: string;
}): Buffer {
  const { sopClassUid, sopUid, transferSyntaxUid } = object;
  if (![sopClassUid, sopUid, transferSyntaxUid].every((uid) => UID.test(uid)))
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an object does not say which instance it is' });
  const meta = Buffer.concat([
    Buffer.from([2, 0, 1, 0, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 1]), // version, OB
    uidElement(0x02, sopClassUid),
    uidElement(0x03, sopUid),
    uidElement(0x10, transferSyntaxUid),
    uidElement(0x12, IMPLEMENTATION),
  ]);
  const head = Buffer.alloc(128 + 4 + 12);
  head.write('DICM', 128, 'latin1');
  head.writeUInt16LE(2, 132);
  head.write('UL', 136, 'latin1');
  head.writeUInt16LE(4, 138);
  head.writeUInt32LE(meta.length, 140);
  return Buffer.concat([head, meta]);
}

function uidElement(element: number, uid: string): Buffer {
  const value = uid.length % 2 === 0 ? uid : `${uid}\0`;
  const head = Buffer.alloc(8);
  head.writeUInt16LE(2, 0);
  head.writeUInt16LE(element, 2);
  head.write('UI', 4, 'latin1');
  head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, Buffer.from(value, 'latin1')]);
}
