import type { DicomElement, DicomElements } from '../parsing/read-elements.js';
import { findTextRegions } from './text-detector.js';

const PIXELS_AT_MOST = 2 ** 26;

/** Overlay groups (60xx) whose picture shows no text, and so may stay. */
export function overlayGroupsWithoutText(elements: DicomElements): ReadonlySet<number> {
  const groups = new Set(elements.map(({ tag }) => tag >>> 16).filter((group) => group >>> 8 === 0x60));
  return new Set([...groups].filter((group) => isWithoutText(elements, group)));
}

function isWithoutText(elements: DicomElements, group: number): boolean {
  const rows = numberAt(elements, group, 0x0010);
  const columns = numberAt(elements, group, 0x0011);
  const data = elements.find(({ tag }) => tag === ((group << 16) | 0x3000) >>> 0);
  if (data?.kind !== 'value' || rows * columns < 1 || rows * columns > PIXELS_AT_MOST) return false;
  const bits = rows * columns;
  const frames = Math.floor((data.value.length * 8) / bits);
  if (frames < 1) return false;
  for (let frame = 0; frame < frames; frame++) {
    const grey = new Uint8Array(bits);
    for (let i = 0; i < bits; i++) {
      const at = frame * bits + i;
      grey[i] = ((data.value[at >>> 3]! >>> (at & 7)) & 1) * 255;
    }
    if (findTextRegions({ rows, columns, grey }).length > 0) return false;
  }
  return true;
}

function numberAt(elements: DicomElements, group: number, element: number): number {
  return unsigned16(elements.find(({ tag }) => tag === ((group << 16) | element) >>> 0));
}

export function unsigned16(element: DicomElement | undefined): number {
  if (element?.kind !== 'value' || element.value.length < 2) return 0;
  return element.value[0]! | (element.value[1]! << 8);
}

/** Whether an overlay lies in the unused bits of the pixels: a bit position, and no data of its own. */
export function hasEmbeddedOverlay(elements: DicomElements): boolean {
  const tags = new Set(elements.map(({ tag }) => tag));
  return elements.some(({ tag }) => {
    const isPosition = tag >>> 24 === 0x60 && (tag & 0xffff) === 0x0102;
    return isPosition && !tags.has(((tag & 0xffff0000) | 0x3000) >>> 0);
  });
}

/** Native pixels with the bits outside of the stored ones zeroed. */
export function withoutEmbeddedOverlay(pixels: Uint8Array, elements: DicomElements): Uint8Array {
  const at = (tag: number) => unsigned16(elements.find((element) => element.tag === tag));
  const [allocated, stored, highBit] = [at(0x00280100), at(0x00280101), at(0x00280102)];
  if ((allocated !== 8 && allocated !== 16) || stored < 1 || highBit < stored - 1) return pixels;
  const mask = (2 ** stored - 1) << (highBit - stored + 1);
  const bytes = allocated === 8 ? [mask] : [mask & 0xff, mask >>> 8];
  return pixels.map((byte, i) => byte & bytes[i % bytes.length]!);
}
