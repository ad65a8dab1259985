import type { ElementPlace } from './element-places.ts';

/** Where the file meta information ends; undefined where its length cannot be right. */
export function endOfMeta(bytes: Buffer): number | undefined {
  if (bytes.length < 156 || bytes.readUInt32LE(132) !== 0x00000002) return undefined;
  const end = 144 + bytes.readUInt32LE(140);
  return end <= bytes.length ? end : undefined;
}

export function writeLength(bytes: Buffer, { lengthAt, lengthBytes }: ElementPlace, length: number): Buffer {
  if (lengthAt + lengthBytes > bytes.length) return bytes;
  if (lengthBytes === 2) bytes.writeUInt16LE(length & 0xffff, lengthAt);
  else bytes.writeUInt32LE(length >>> 0, lengthAt);
  return bytes;
}

/** Within the length that the element has: cut off or filled up. */
export function writeText(bytes: Buffer, { valueAt, length }: ElementPlace, text: string): void {
  const room = Math.min(length, Math.max(0, bytes.length - valueAt), 1024);
  bytes.write(text.slice(0, room).padEnd(room, ' '), valueAt, 'latin1');
}

/** With the length that the text has; sequences around it are wrong then, as in a file that somebody edited. */
export function replaceText(bytes: Buffer, place: ElementPlace, text: string, padding = ' '): Buffer {
  const value = Buffer.from(text.length % 2 === 0 ? text : text + padding, 'latin1');
  const end = Math.min(bytes.length, place.valueAt + place.length);
  const changed = Buffer.concat([bytes.subarray(0, place.valueAt), value, bytes.subarray(end)]);
  return writeLength(changed, place, value.length);
}
