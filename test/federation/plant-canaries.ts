import { readFileSync, writeFileSync } from 'node:fs';
import { type DicomElement, type DicomElements, readElements, writeElements } from '@consilium/dicom';
import { profileRows } from '../../packages/dicom/src/deidentification/profile-table.ts';
import { vrOf } from '../../packages/dicom/src/parsing/vr-dictionary.ts';

/** Elements that hold a date or a time. */
const MOMENTS: Readonly<Record<string, (day: string) => string>> = {
  DA: (day) => day,
  DT: (day) => `${day}121314`,
};
const TEXTS = new Set(['AE', 'CS', 'LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UR', 'UT', 'UN', 'OB']);
/** Sequences that the profile does not remove, so that what is in them counts. */
const WAY_DOWN = [0x00081115, 0x00081199, 0x52009229, 0x00081140, 0x00409096];

/**
 * Writes a film again with every attribute that the confidentiality profile lists, those of the wildcard groups too: at top
 * level where the film does not have it, and all of them again five levels down. Answers how many texts it planted.
 */
export function plantCanaries(file: string, text: string, day: string): number {
  const bytes = readFileSync(file);
  const { transferSyntaxUid, elements } = readElements(bytes);
  const own = new Set(elements.map(({ tag }) => tag));
  const planted = profileRows().flatMap(({ id }) => tagsOf(id).flatMap((tag) => canary(tag, text, day)));
  const below = WAY_DOWN.reduceRight<DicomElements>((items, tag) => [sequence(tag, [items])], planted);
  const added = [...planted, ...below].filter(({ tag }) => !own.has(tag));
  const byTag = new Map([...added, ...elements].map((element) => [element.tag, element]));
  const uid = (tag: number) => textOf(elements, tag);
  writeFileSync(
    file,
    writeElements({
      ...{ transferSyntaxUid, sopClassUid: uid(0x00080016), sopInstanceUid: uid(0x00080018) },
      elements: [...byTag.values()].sort((a, b) => a.tag - b.tag),
    }),
  );
  return added.length + planted.length;
}

function tagsOf(id: string): number[] {
  const tag = (group: number, low: number) => ((group << 16) | low) >>> 0;
  if (id === 'odd') return [tag(0x0009, 0x1001), tag(0x6021, 0x1001)];
  if (id === '50xxxxxx') return [tag(0x5000, 0x0022), tag(0x501e, 0x3000)];
  if (id.startsWith('60xx')) return [tag(0x6000, Number.parseInt(id.slice(4), 16))];
  return [Number.parseInt(id, 16)];
}

function canary(tag: number, text: string, day: string): DicomElement[] {
  const vr = vrOf(tag) ?? 'LO';
  const name: DicomElement = value(0x00100010, 'PN', `${text}^WITHIN`);
  if (vr === 'SQ') return [sequence(tag, [[name]])];
  if (TEXTS.has(vr)) return [value(tag, vr, `${text}${tag.toString(16)}`)];
  const moment = MOMENTS[vr]?.(day);
  return moment === undefined ? [] : [value(tag, vr, moment)];
}

function value(tag: number, vr: string, text: string): DicomElement {
  return { tag, vr, kind: 'value', value: Buffer.from(text, 'latin1') };
}

function sequence(tag: number, items: readonly DicomElements[]): DicomElement {
  return { tag, vr: 'SQ', kind: 'sequence', items };
}

function textOf(elements: DicomElements, tag: number): string {
  const element = elements.find((one) => one.tag === tag);
  if (element?.kind !== 'value') throw new Error('the film has no UIDs');
  return Buffer.from(element.value).toString('latin1').replace(/\0$/, '');
}
