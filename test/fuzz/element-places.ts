/** Where an element begins in the bytes, as far as a scan without a parser can tell. */
export interface ElementPlace {
  readonly offset: number;
  readonly tag: number;
  readonly vr: string | undefined;
  readonly lengthAt: number;
  readonly lengthBytes: 2 | 4;
  readonly valueAt: number;
  readonly length: number;
}

const VRS = 'AE AS AT CS DA DS DT FD FL IS LO LT OB OF OW PN SH SL SQ SS ST TM UC UI UL UN US UT'.split(' ');
const LONG_VRS = new Set(['OB', 'OF', 'OW', 'SQ', 'UC', 'UN', 'UT']);
const EXPLICIT = new RegExp(`[^]{4}(?:${VRS.join('|')})`, 'g');
/** Elements that an implicit data set is looked through for, and the items of sequences. */
const KNOWN = [
  0x00080005, 0x00080016, 0x00080018, 0x00080060, 0x00100010, 0x00100020, 0x0020000d, 0x00200032, 0x00200037,
  0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280030, 0x00280100, 0x00280101, 0x00280102,
  0x00280103, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281101, 0x00283002, 0x00620002, 0x52009229,
  0x52009230, 0x7fe00010,
];
export const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;

/** Of the part before the pixels, where nearly all decisions are taken. */
const SCANNED_BYTES = 64 * 1024;

/** Elements of explicit VR, known ones of implicit VR, and items; little endian. Chance hits do no harm. */
export function findElements(bytes: Uint8Array): ElementPlace[] {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SCANNED_BYTES));
  const places: ElementPlace[] = [];
  for (const { index } of head.toString('latin1').matchAll(EXPLICIT)) {
    const vr = head.toString('latin1', index + 4, index + 6);
    const isLong = LONG_VRS.has(vr);
    add(places, head, index, vr, index + (isLong ? 8 : 6), isLong ? 4 : 2);
  }
  for (const tag of [...KNOWN, ITEM, ITEM_END, SEQUENCE_END])
    for (const offset of findTag(head, tag)) add(places, head, offset, undefined, offset + 4, 4);
  return places;
}

/** Items in the whole file: those of sequences, and the fragments of compressed pixels. */
export function findItems(bytes: Uint8Array): ElementPlace[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: ElementPlace[] = [];
  for (const offset of findTag(all, ITEM)) add(places, all, offset, undefined, offset + 4, 4);
  return places;
}

function add(to: ElementPlace[], bytes: Buffer, offset: number, vr: string | undefined, at: number, size: 2 | 4): void {
  if (at + size > bytes.length) return;
  const tag = bytes.readUInt16LE(offset) * 0x10000 + bytes.readUInt16LE(offset + 2);
  const length = size === 2 ? bytes.readUInt16LE(at) : bytes.readUInt32LE(at);
  to.push({ offset, tag, vr, lengthAt: at, lengthBytes: size, valueAt: at + size, length });
}

function findTag(bytes: Buffer, tag: number): number[] {
  const wanted = Buffer.from([(tag >>> 16) & 0xff, tag >>> 24, tag & 0xff, (tag >>> 8) & 0xff]);
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 4)) found.push(at);
  return found;
}
