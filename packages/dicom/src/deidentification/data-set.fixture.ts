import {
  DEFAULT_POLICY,
  type DeidentificationPolicy,
  type DicomElement,
  type DicomElements,
  deidentifyFile,
  readElements,
  writeElements,
} from '../index.js';

export const key = Buffer.alloc(32, 3);
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const MR = '1.2.840.10008.5.1.4.1.1.4';

export function text(tag: number, vr: string, value: string): DicomElement {
  return { tag, vr, kind: 'value', value: Buffer.from(value, 'utf8') };
}

export function sequence(tag: number, ...items: DicomElements[]): DicomElement {
  return { tag, vr: 'SQ', kind: 'sequence', items };
}

export const identity = [
  text(0x00080016, 'UI', MR),
  text(0x00080018, 'UI', '1.2.3.5.1'),
  text(0x0020000d, 'UI', '1.2.3.5'),
  text(0x00100010, 'PN', 'Doe^Janet'),
  text(0x00100020, 'LO', 'MRN-448812'),
  text(0x00100030, 'DA', '19760511'),
  text(0x00100040, 'CS', 'F'),
  text(0x00080020, 'DA', '20240510'),
];

export function file(...elements: DicomElement[]): Uint8Array {
  const all = new Map([...identity, ...elements].map((element) => [element.tag, element]));
  return writeElements({
    transferSyntaxUid: EXPLICIT,
    sopClassUid: MR,
    sopInstanceUid: '1.2.3.5.1',
    elements: [...all.values()],
  });
}

export function cleaned(policy: Partial<DeidentificationPolicy>, ...elements: DicomElement[]): DicomElements {
  const { bytes } = deidentifyFile(file(...elements), { key, policy: { ...DEFAULT_POLICY, ...policy } });
  return readElements(bytes).elements;
}

export function itemsAt(elements: DicomElements, tag: number): readonly DicomElements[] {
  const element = elements.find((candidate) => candidate.tag === tag);
  return element?.kind === 'sequence' ? element.items : [];
}

export const has = (elements: DicomElements, tag: number) => elements.some((element) => element.tag === tag);
