import type { DicomElement } from '../parsing/read-elements.js';
import { isTextVr, textOfElement } from './element-text.js';

const PREVIEW_CHARACTERS = 64;

/** What became of one element. */
export type Outcome = 'kept' | 'removed' | 'emptied' | 'replaced' | 'cleaned' | 'added';

/** One element before and after. `before` is identifying and hostile; whoever prints it escapes it. */
export interface ElementChange {
  /** Tags from the top, with item numbers: `(0008,1140)[0].(0008,1155)`. */
  readonly path: string;
  readonly tag: number;
  readonly vr: string;
  readonly outcome: Outcome;
  readonly why: string;
  readonly before: string;
  readonly after: string;
}

/** The path of an element below another one's item; '' is the top. */
export function pathOf(path: string, tag: number): string {
  const hex = tag.toString(16).padStart(8, '0').toUpperCase();
  return `${path === '' ? '' : `${path}.`}(${hex.slice(0, 4)},${hex.slice(4)})`;
}

/** A value in few characters; nothing in it is escaped. */
export function previewOf(element: DicomElement, characterSet: string): string {
  if (element.kind === 'sequence') return `${element.items.length} items`;
  if (element.kind === 'fragments') return `${element.fragments.length} fragments`;
  if (!isTextVr(element.vr)) return `${element.value.length} bytes`;
  const text = textOfElement({ ...element, value: element.value.subarray(0, 4 * PREVIEW_CHARACTERS) }, characterSet);
  return text.length > PREVIEW_CHARACTERS ? `${text.slice(0, PREVIEW_CHARACTERS)}...` : text;
}
