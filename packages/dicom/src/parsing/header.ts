import type { Element } from 'dicom-parser';
import { decodeText } from './character-sets.js';
import type { ElementSource } from './parse.js';

/**
 * What the file says about itself, as text: identifying, and hostile until it has gone through `deidentify`.
 * A missing or empty element is ''. Nothing here may reach a log, a page, a path or the network.
 */
export interface DicomHeader {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly patientId: string;
  readonly patientName: string;
  readonly patientBirthDate: string;
  readonly patientSex: string;
  readonly patientAge: string;
  readonly accessionNumber: string;
  readonly studyDate: string;
  readonly institutionName: string;
  readonly referringPhysicianName: string;
  readonly manufacturer: string;
  readonly manufacturerModelName: string;
  readonly deviceSerialNumber: string;
  readonly modality: string;
  readonly bodyPartExamined: string;
  readonly viewPosition: string;
}

/** Field -> tag, as dicom-parser writes tags. The writer uses the same table. */
export const HEADER_TAGS = {
  sopClassUid: 'x00080016',
  sopInstanceUid: 'x00080018',
  studyInstanceUid: 'x0020000d',
  seriesInstanceUid: 'x0020000e',
  patientId: 'x00100020',
  patientName: 'x00100010',
  patientBirthDate: 'x00100030',
  patientSex: 'x00100040',
  patientAge: 'x00101010',
  accessionNumber: 'x00080050',
  studyDate: 'x00080020',
  institutionName: 'x00080080',
  referringPhysicianName: 'x00080090',
  manufacturer: 'x00080070',
  manufacturerModelName: 'x00081090',
  deviceSerialNumber: 'x00181000',
  modality: 'x00080060',
  bodyPartExamined: 'x00180015',
  viewPosition: 'x00185101',
} as const satisfies Record<keyof DicomHeader, string>;

const TEXT_LIMIT_BYTES = 1024;

export function readHeader(source: ElementSource): DicomHeader {
  const characterSet = textOf(source, 'x00080005');
  const fields = Object.entries(HEADER_TAGS).map(([name, tag]) => [name, textOf(source, tag, characterSet)]);
  return Object.fromEntries(fields) as DicomHeader;
}

/** The text of an element without its padding; '' if it is missing or empty. */
export function textOf(source: ElementSource, tag: string, characterSet = ''): string {
  const element = source.dataSet.elements[tag];
  if (element === undefined) return '';
  const text = decodeText(bytesOf(source, element, TEXT_LIMIT_BYTES), characterSet);
  return text.replace(/[\0 ]+$/, '').replace(/^ +/, '');
}

export function bytesOf(source: ElementSource, element: Element, limitBytes: number): Uint8Array {
  return source.bytes.subarray(element.dataOffset, element.dataOffset + Math.min(element.length, limitBytes));
}
