import type { DicomElements } from '../parsing/read-elements.js';
import { textAt } from './element-text.js';
import { hasEmbeddedOverlay } from './overlays.js';
import { findTextRegions, type GreyPicture, type TextRegion } from './text-detector.js';

/** What a file says about text in its pixels, directly or by what it is. Texts as they stand in the file, in capitals. */
export interface BurnedInFacts {
  readonly burnedInAnnotation: string;
  readonly recognizableVisualFeatures: string;
  readonly sopClassUid: string;
  readonly modality: string;
  /** All values of Image Type. */
  readonly imageType: readonly string[];
  readonly conversionType: string;
  readonly manufacturer: string;
  /** An overlay lies in the unused bits of compressed pixels, where it cannot be taken out. */
  readonly hasEmbeddedOverlay: boolean;
}

export interface BurnedInVerdict {
  /** declared: the file says so itself. suspected: a rule or the detector says so. Both are set aside for a person. */
  readonly verdict: 'clean' | 'suspected' | 'declared';
  readonly reasons: readonly string[];
  /** Where: what the detector found, and where such devices write. */
  readonly regions: readonly TextRegion[];
}

/** Reads the facts from the top level of a data set. */
export function readBurnedInFacts(elements: DicomElements): BurnedInFacts {
  const text = (tag: number) => textAt(elements, tag).toUpperCase();
  const isCompressed = elements.some(({ tag, kind }) => tag === 0x7fe00010 && kind === 'fragments');
  return {
    burnedInAnnotation: text(0x00280301),
    recognizableVisualFeatures: text(0x00280302),
    sopClassUid: text(0x00080016),
    modality: text(0x00080060),
    imageType: text(0x00080008)
      .split('\\')
      .map((value) => value.trim()),
    conversionType: text(0x00080064),
    manufacturer: text(0x00080070),
    hasEmbeddedOverlay: isCompressed && hasEmbeddedOverlay(elements),
  };
}

/** Fractions of the rows and columns. */
interface Area {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A kind of picture that shows text as a rule. */
interface DeviceRule {
  readonly reason: string;
  readonly applies: (facts: BurnedInFacts) => boolean;
  /** Where such devices write, if that is known. */
  readonly areas?: readonly Area[];
  /** BurnedInAnnotation NO, with nothing found by the detector, counts more than the rule. */
  readonly yieldsToTag: boolean;
}

const BANNER: readonly Area[] = [{ top: 0, left: 0, bottom: 0.1, right: 1 }];
const STORAGE = '1.2.840.10008.5.1.4.1.1';
const startsWith = (...prefixes: string[]) => {
  return ({ sopClassUid }: BurnedInFacts) => prefixes.some((p) => sopClassUid === p || sopClassUid.startsWith(`${p}.`));
};

/**
 * Kinds of objects and devices whose pixels carry text. Source: DICOM PS3.15 E.3.1 (Clean Pixel Data: ultrasound, secondary
 * capture and screen saves are named there), PS3.3 C.7.6.1.1.2 (Image Type), C.8.6.1 (Conversion Type), PS3.4 B.5.
 */
const DEVICE_RULES: readonly DeviceRule[] = [
  {
    reason: 'ultrasound',
    applies: (facts) => startsWith(`${STORAGE}.3`, `${STORAGE}.6`)(facts) || ['US', 'IVUS'].includes(facts.modality),
    areas: BANNER,
    yieldsToTag: true,
  },
  {
    reason: 'screen save',
    applies: ({ imageType }) => imageType.some((value) => /^(SCREEN ?SAVE|SAVE|SCREEN|SNAPSHOT|CAPTURE)$/.test(value)),
    yieldsToTag: false,
  },
  { reason: 'secondary capture', applies: startsWith(`${STORAGE}.7`), yieldsToTag: true },
  {
    reason: 'digitised film, video or drawing',
    applies: ({ conversionType }) => ['DF', 'DI', 'DRW', 'DV', 'SD', 'SI'].includes(conversionType),
    yieldsToTag: true,
  },
  {
    reason: 'dose or acquisition report as a picture',
    applies: ({ imageType, modality }) =>
      imageType.some((value) => /REPORT|DOSE|PROTOCOL|LOCALIZER_TEXT/.test(value)) || modality === 'DOC',
    yieldsToTag: false,
  },
  {
    reason: 'photograph or video of a person',
    applies: startsWith(`${STORAGE}.77.1.1`, `${STORAGE}.77.1.4`),
    yieldsToTag: true,
  },
  { reason: 'encapsulated document', applies: startsWith(`${STORAGE}.104`), yieldsToTag: false },
  {
    reason: 'ultrasound of a maker that writes a banner',
    applies: ({ manufacturer, modality }) =>
      modality === 'OT' && /MINDRAY|SONOSITE|ESAOTE|ALOKA|ATL\b|ACUSON|SONOSCAPE|SAMSUNG MEDISON/.test(manufacturer),
    areas: BANNER,
    yieldsToTag: false,
  },
  { reason: 'overlay in compressed pixels', applies: (facts) => facts.hasEmbeddedOverlay, yieldsToTag: false },
];

/**
 * Whether pixels may show who the patient is: by the file's own tags, by what kind of picture it is, and by looking.
 * Everything but `clean` is for a person to look at.
 *
 * Shapes   one picture a frame; none if the pixels could not be decoded, then only tags and kinds speak.
 * Source   DICOM PS3.3 C.7.6.1 (Burned In Annotation, Recognizable Visual Features), PS3.15 E.3.1 and E.3.2.
 */
export function burnedInVerdict(facts: BurnedInFacts, pictures: readonly GreyPicture[]): BurnedInVerdict {
  const declared = [
    ...(facts.burnedInAnnotation === 'YES' ? ['BurnedInAnnotation is YES'] : []),
    ...(facts.recognizableVisualFeatures === 'YES' ? ['RecognizableVisualFeatures is YES'] : []),
  ];
  const found = pictures.flatMap((picture) => findTextRegions(picture));
  const isDenied = facts.burnedInAnnotation === 'NO' && found.length === 0 && pictures.length > 0;
  const rules = DEVICE_RULES.filter((rule) => rule.applies(facts) && !(rule.yieldsToTag && isDenied));
  const seen = found.length > 0 ? [`${found.length} lines that look like text`] : [];
  const reasons = [...declared, ...rules.map(({ reason }) => reason), ...seen];
  const regions = [...found, ...rules.flatMap(({ areas = [] }) => areasOf(areas, pictures[0]))];
  const verdict = declared.length > 0 ? 'declared' : reasons.length > 0 ? 'suspected' : 'clean';
  return { verdict, reasons, regions };
}

function areasOf(areas: readonly Area[], picture: GreyPicture | undefined): TextRegion[] {
  if (picture === undefined) return [];
  return areas.map(({ top, left, bottom, right }) => ({
    row: Math.floor(top * picture.rows),
    column: Math.floor(left * picture.columns),
    rows: Math.ceil((bottom - top) * picture.rows),
    columns: Math.ceil((right - left) * picture.columns),
    score: 0,
  }));
}
