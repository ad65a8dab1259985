import { decodeText } from '../parsing/character-sets.js';
import type { DicomElement, DicomElements } from '../parsing/read-elements.js';

const CHARACTER_SET = 0x00080005;

const TEXT_VRS: ReadonlySet<string> = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT'.split(' '));

/** Texts with several values joined by backslashes; the others may hold backslashes of their own. */
const SINGLE_VRS: ReadonlySet<string> = new Set(['LT', 'ST', 'UR', 'UT']);

export function isTextVr(vr: string): boolean {
  return TEXT_VRS.has(vr);
}

/** The Specific Character Set that holds for a data set or an item. */
export function characterSetOf(elements: DicomElements, inherited: string): string {
  const element = elements.find(({ tag }) => tag === CHARACTER_SET);
  if (element?.kind !== 'value') return inherited;
  return Buffer.from(element.value).toString('latin1').replaceAll('\0', '').trim();
}

/** The text of a value without its padding. */
export function textOfElement(element: DicomElement, characterSet: string): string {
  if (element.kind !== 'value') return '';
  return decodeText(element.value, characterSet)
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '');
}

export function valuesOf(vr: string, text: string): string[] {
  return SINGLE_VRS.has(vr) ? [text] : text.split('\\').map((part) => part.trim());
}

/** The text of an element of a data set; '' if it is missing or no text. */
export function textAt(elements: DicomElements, tag: number, characterSet = ''): string {
  const element = elements.find((candidate) => candidate.tag === tag);
  return element === undefined ? '' : textOfElement(element, characterSet);
}
