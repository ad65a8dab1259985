import type { DicomElement, DicomElements } from '../parsing/read-elements.js';
import { vrOf } from '../parsing/vr-dictionary.js';
import { withoutComments } from './compressed-comments.js';
import { isTextVr } from './element-text.js';
import { hasEmbeddedOverlay, withoutEmbeddedOverlay } from './overlays.js';

/** Code value, scheme, version, meaning: a code must have them all. */
export function isCode(tag: number): boolean {
  return tag >= 0x00080100 && tag <= 0x00080104;
}

/** The VR that a value is written with: the standard's, where the file had another one for a text. */
export function standardVr({ tag, vr }: DicomElement): string {
  const standard = vrOf(tag);
  return standard !== undefined && (vr === 'UN' || (isTextVr(standard) && isTextVr(vr))) ? standard : vr;
}

/** The element with nothing in it. */
export function emptied(element: DicomElement): DicomElement {
  if (element.kind === 'sequence') return { ...element, items: [] };
  const standard = vrOf(element.tag);
  if (standard === 'SQ') return { tag: element.tag, vr: 'SQ', kind: 'sequence', items: [] };
  return { tag: element.tag, vr: standard ?? element.vr, kind: 'value', value: new Uint8Array() };
}

/** Pixel data without what hides in it: an overlay in the unused bits, comments of the compressed form. */
export function keptPixels(element: DicomElement, siblings: DicomElements): DicomElement {
  if (element.kind === 'fragments') return { ...element, fragments: element.fragments.map(withoutComments) };
  if (element.kind !== 'value' || !hasEmbeddedOverlay(siblings)) return element;
  return { ...element, value: withoutEmbeddedOverlay(element.value, siblings) };
}
