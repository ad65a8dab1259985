import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { endOfMeta, replaceText, writeLength, writeText } from './edit-elements.ts';
import { type ElementPlace, findElements, findItems, ITEM } from './element-places.ts';
import {
  CHARACTER_SETS,
  HOSTILE_LENGTHS,
  HOSTILE_NUMBERS,
  HOSTILE_TEXTS,
  HOSTILE_UNSIGNED,
  PHOTOMETRICS,
  TRANSFER_SYNTAXES,
} from './hostile-values.ts';
import type { Random } from './random.ts';

/** Makes one good file bad. It may change `bytes` in place; `other` is another good file, not to be changed. */
type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const HEAD_BYTES = 4096;

function flipBits(bytes: Buffer, random: Random): Buffer {
  const end = random.isWithin(0.6) ? Math.min(bytes.length, HEAD_BYTES) : bytes.length;
  for (let i = 1 + random.below(16); i > 0; i--) bytes[random.below(end)]! ^= 1 << random.below(8);
  return bytes;
}

function fillRun(bytes: Buffer, random: Random): Buffer {
  const from = random.below(random.isWithin(0.5) ? Math.min(bytes.length, HEAD_BYTES) : bytes.length);
  const value = random.oneOf([0, 0xff, 0x20, 0x5c, random.below(256)]);
  return bytes.fill(value, from, Math.min(bytes.length, from + 1 + random.below(random.oneOf([4, 64, 4096]))));
}

function truncate(bytes: Buffer, random: Random): Buffer {
  if (random.isWithin(0.3)) return bytes.subarray(0, Math.max(0, bytes.length - 1 - random.below(64)));
  return bytes.subarray(0, random.below(random.isWithin(0.5) ? Math.min(bytes.length, HEAD_BYTES) : bytes.length));
}

function editLength(bytes: Buffer, random: Random): Buffer {
  const place = randomElement(bytes, random);
  if (place === undefined) return flipBits(bytes, random);
  const near = [place.length - 2, place.length - 1, place.length + 1, place.length + 2, bytes.length - place.valueAt];
  return writeLength(bytes, place, random.oneOf([...HOSTILE_LENGTHS, ...near, ...near]));
}

function swapTag(bytes: Buffer, random: Random): Buffer {
  const places = findElements(bytes);
  if (places.length < 2) return flipBits(bytes, random);
  const [to, from] = [random.oneOf(places), random.oneOf(places)];
  bytes.copy(bytes, to.offset, from.offset, from.offset + 4);
  return bytes;
}

function swapVr(bytes: Buffer, random: Random): Buffer {
  const explicit = findElements(bytes).filter(({ vr }) => vr !== undefined);
  if (explicit.length === 0) return flipBits(bytes, random);
  const vrs = ['SQ', 'UN', 'OB', 'OW', 'UT', 'US', 'DS', 'IS', 'PN', 'LO', 'UI', 'AT', 'FD', 'XX', '\0\0'];
  bytes.write(random.oneOf(vrs), random.oneOf(explicit).offset + 4, 'latin1');
  return bytes;
}

/** Sequences in sequences, of defined or undefined length, before a random element; up to far beyond any stack. */
function nest(bytes: Buffer, random: Random): Buffer {
  const depth = random.oneOf([3, 60, 64, 65, 70, 1000, 20_000, 200_000]);
  const isExplicit = random.isWithin(0.7);
  const isOpen = random.isWithin(0.5);
  const tag = random.oneOf(['08004011', '400030a7', '62000200', '00522992', '09001010']);
  const sequence = Buffer.from(isExplicit ? `${tag}53510000ffffffff` : `${tag}ffffffff`, 'hex');
  const item = Buffer.from('feff00e0ffffffff', 'hex');
  const level = Buffer.concat([sequence, item]);
  const bomb = Buffer.concat(Array.from({ length: depth }, () => level));
  if (!isOpen)
    for (let i = 0; i < depth; i++) {
      const left = (depth - i) * level.length;
      bomb.writeUInt32LE(left - sequence.length, i * level.length + sequence.length - 4);
      bomb.writeUInt32LE(left - level.length, (i + 1) * level.length - 4);
    }
  const places = findElements(bytes).filter(({ tag: of }) => of > 0x00080000 && of < ITEM);
  const at = places.length === 0 ? 132 : random.oneOf(places).offset;
  return Buffer.concat([bytes.subarray(0, at), bomb, bytes.subarray(at)]);
}

/** Rows, columns, frames, bits and colours that the pixels do not have. */
function editGeometry(bytes: Buffer, random: Random): Buffer {
  const wanted = [
    0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102,
    0x00280103,
  ];
  const found = findElements(bytes).filter(({ tag }) => wanted.includes(tag));
  if (found.length === 0) return flipBits(bytes, random);
  let changed = bytes;
  for (let i = 1 + random.below(3); i > 0; i--) {
    const place = random.oneOf(found);
    if (place.tag === 0x00280004) writeText(changed, place, random.oneOf(PHOTOMETRICS));
    else if (place.tag === 0x00280008)
      writeText(changed, place, random.oneOf([...HOSTILE_NUMBERS, '2', '99', '65536']));
    else if (place.valueAt + 2 <= changed.length) changed.writeUInt16LE(random.oneOf(HOSTILE_UNSIGNED), place.valueAt);
  }
  if (random.isWithin(0.2)) changed = truncate(changed, random);
  return changed;
}

/** Lengths, order and number of items: fragments of compressed pixels, their offset table, items of sequences. */
function editItems(bytes: Buffer, random: Random): Buffer {
  const items = findItems(bytes);
  if (items.length === 0) return editLength(bytes, random);
  const place = random.oneOf(items);
  const end = Math.min(bytes.length, place.valueAt + Math.min(place.length, bytes.length));
  const [before, item, after] = [
    bytes.subarray(0, place.offset),
    bytes.subarray(place.offset, end),
    bytes.subarray(end),
  ];
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, item, item, after]);
    case 2:
      return Buffer.concat([before, Buffer.from('feff00e000000000', 'hex'), item, after]);
    case 3:
      return Buffer.concat([before, Buffer.from('feffdde000000000', 'hex'), item, after]);
    case 4: {
      const words = Math.floor((end - place.valueAt) / 4);
      for (let i = Math.min(words, 8); i > 0; i--)
        bytes.writeUInt32LE(random.oneOf(HOSTILE_LENGTHS), place.valueAt + 4 * random.below(words));
      return bytes;
    }
    default:
      return writeLength(bytes, place, random.oneOf([...HOSTILE_LENGTHS, place.length - 1, place.length + 2]));
  }
}

/** Damage behind the last element of the header: in pixels, compressed or not. */
function damagePixels(bytes: Buffer, random: Random): Buffer {
  const at = bytes.lastIndexOf(Buffer.from('e07f1000', 'hex'));
  const from = at < 0 ? bytes.length >>> 1 : at + 12;
  if (from >= bytes.length) return flipBits(bytes, random);
  const end = random.isWithin(0.5) ? Math.min(bytes.length, from + 512) : bytes.length;
  for (let i = 1 + random.below(32); i > 0; i--) bytes[from + random.below(end - from)] = random.below(256);
  return bytes;
}

function splice(bytes: Buffer, random: Random, other: Buffer): Buffer {
  if (random.isWithin(0.5)) {
    const [head, tail] = [randomElement(bytes, random), randomElement(other, random)];
    if (head && tail) return Buffer.concat([bytes.subarray(0, head.offset), other.subarray(tail.offset)]);
  }
  return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))]);
}

function moveBlock(bytes: Buffer, random: Random): Buffer {
  const from = random.below(bytes.length);
  const length = 1 + random.below(random.oneOf([8, 256, 8192]));
  const block = bytes.subarray(from, from + length);
  const at = random.below(bytes.length);
  const rest = random.isWithin(0.5) ? Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]) : bytes;
  if (random.isWithin(0.3)) return Buffer.from(rest);
  return Buffer.concat([rest.subarray(0, at), block, rest.subarray(at)]);
}

/** Long stretches of one byte, in the file or at its end: padding, or what a parser takes for very many elements. */
function insertStretch(bytes: Buffer, random: Random): Buffer {
  const place = randomElement(bytes, random);
  const at = place === undefined || random.isWithin(0.3) ? bytes.length : place.offset;
  const stretch = Buffer.alloc(random.oneOf([2, 100, 5000, 300_000, 3_000_000]), random.oneOf([0, 0, 0, 0xff, 0x20]));
  return Buffer.concat([bytes.subarray(0, at), stretch, bytes.subarray(at)]);
}

/** Texts as hostile people write them, and character sets that do not fit. */
function writeHostileText(bytes: Buffer, random: Random): Buffer {
  const places = findElements(bytes);
  const texts = places.filter(({ vr, tag }) => /^(AE|CS|LO|LT|PN|SH|ST|UT|UI)$/.test(vr ?? '') || tag === 0x00080005);
  if (texts.length === 0) return flipBits(bytes, random);
  let changed = bytes;
  for (let i = 1 + random.below(6); i > 0; i--) {
    const place = random.oneOf(texts);
    const text = place.tag === 0x00080005 ? random.oneOf(CHARACTER_SETS) : random.oneOf(HOSTILE_TEXTS);
    if (i === 1 && place.lengthBytes === 2) changed = replaceText(changed, place, text);
    else writeText(changed, place, text);
  }
  return changed;
}

function writeHostileNumber(bytes: Buffer, random: Random): Buffer {
  const places = findElements(bytes);
  const numbers = places.filter(({ vr, tag }) => /^(DS|IS|AS|DA|TM)$/.test(vr ?? '') || tag === 0x00200032);
  if (numbers.length === 0) return editGeometry(bytes, random);
  return replaceText(bytes, random.oneOf(numbers), random.oneOf(HOSTILE_NUMBERS));
}

function changeTransferSyntax(bytes: Buffer, random: Random): Buffer {
  const place = findElements(bytes).find(({ tag }) => tag === 0x00020010);
  return place === undefined
    ? flipBits(bytes, random)
    : replaceText(bytes, place, random.oneOf(TRANSFER_SYNTAXES), '\0');
}

/** A data set that inflates to much more than is read; made once. */
let bomb: Buffer | undefined;
const BOMB_BYTES = 300 * 2 ** 20;

/** Deflates what follows the file meta, damaged inside or out, or puts a bomb there. */
function deflate(bytes: Buffer, random: Random): Buffer {
  const place = findElements(bytes).find(({ tag }) => tag === 0x00020010);
  const meta = endOfMeta(bytes);
  if (place === undefined || meta === undefined) return flipBits(bytes, random);
  const isDeflated = bytes.toString('latin1', place.valueAt, place.valueAt + place.length).includes('.1.99');
  const rest = Buffer.from(isDeflated ? inflated(bytes.subarray(meta)) : bytes.subarray(meta));
  let packed: Buffer;
  if (random.isWithin(0.02)) {
    bomb ??= deflateRawSync(Buffer.alloc(BOMB_BYTES), { level: 9 });
    packed = Buffer.concat([bomb, deflateRawSync(rest)]);
  } else {
    packed = deflateRawSync(random.oneOf([flipBits, editLength, editGeometry, swapTag])(rest, random), {
      level: 1,
    });
    if (random.isWithin(0.4)) packed = flipBits(packed, random);
  }
  const head = replaceText(Buffer.from(bytes.subarray(0, meta)), place, '1.2.840.10008.1.2.1.99', '\0');
  return Buffer.concat([head, packed]);
}

function inflated(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: 2 ** 26 });
  } catch {
    return bytes;
  }
}

function randomElement(bytes: Buffer, random: Random): ElementPlace | undefined {
  const places = findElements(bytes);
  return places.length === 0 ? undefined : random.oneOf(places);
}

/** Name -> the mutation, and how often it is taken in comparison with the others. */
export const MUTATIONS: readonly (readonly [name: string, weight: number, mutate: Mutation])[] = [
  ['bits', 6, flipBits],
  ['run', 4, fillRun],
  ['truncation', 4, truncate],
  ['length', 8, editLength],
  ['tag', 5, swapTag],
  ['vr', 6, swapVr],
  ['nesting', 2, nest],
  ['geometry', 12, editGeometry],
  ['items', 10, editItems],
  ['pixels', 12, damagePixels],
  ['splice', 3, splice],
  ['block', 3, moveBlock],
  ['stretch', 2, insertStretch],
  ['text', 10, writeHostileText],
  ['number', 10, writeHostileNumber],
  ['syntax', 4, changeTransferSyntax],
  ['deflate', 3, deflate],
];
const WEIGHT = MUTATIONS.reduce((sum, [, weight]) => sum + weight, 0);

/** One to three mutations of a copy. */
export function mutate(good: Buffer, other: Buffer, random: Random): { bytes: Buffer; names: string[] } {
  let bytes: Buffer = Buffer.from(good);
  const names: string[] = [];
  for (let i = random.oneOf([1, 1, 1, 1, 2, 3]); i > 0 && bytes.length > 0; i--) {
    const [name, , change] = pick(random);
    bytes = change(bytes, random, other);
    names.push(name);
  }
  return { bytes, names };
}

function pick(random: Random): (typeof MUTATIONS)[number] {
  let left = random.unit() * WEIGHT;
  for (const mutation of MUTATIONS) {
    left -= mutation[1];
    if (left < 0) return mutation;
  }
  return MUTATIONS[0]!;
}
