import type { ParsedDicom } from '../../parsing/parse.js';
import type { AnnotatedImage, Annotations, Finding, InstanceReference } from '../annotations.js';
import { asciiOf, madeAt, textReader } from '../elements.js';
import { namingOf, studyReferencesIn } from '../references.js';
import { type ContentItem, readContentTree } from './content-tree.js';

/**
 * Items that say under which circumstances a statement was made, not what is in the picture: observer, language,
 * acquisition.
 */
const CIRCUMSTANCES: ReadonlySet<string> = new Set(['HAS OBS CONTEXT', 'HAS ACQ CONTEXT', 'HAS CONCEPT MOD']);

const DEPICTING: ReadonlySet<string> = new Set(['IMAGE', 'SCOORD', 'SCOORD3D']);

/**
 * Reads a structured report: every CODE, TEXT and NUM item with a concept name and a value is a finding, as in the
 * groups of a measurement report (TID 1500: finding, site, measurements, qualitative evaluations) or in plain lists of
 * names and values. Circumstances (observer, language, acquisition) are not read, nor persons, dates, UIDs, waveforms,
 * and items given by reference to others.
 *
 * A finding is about the pictures below it (INFERRED FROM, SELECTED FROM, a region's source); without any, about those
 * beside it in its container, then below its neighbours, then of the containers around it; then about all pictures that
 * the report rests on (its evidence), or, if it lists none, its study.
 *
 * Errors   DICOM_INVALID, DICOM_TRUNCATED.
 * Source   DICOM PS3.3 C.17.3, PS3.16 TID 1500, 1410, 1411, 1501.
 */
export function readSr(parsed: ParsedDicom): Annotations {
  const { dataSet } = parsed;
  const findings: Finding[] = [];
  const root = readContentTree(dataSet, textReader(dataSet));
  collect(root, undefined, findings);
  const evidence = [
    ...studyReferencesIn(dataSet, 'x0040a375', 'x00081115', 'x00081199'),
    ...studyReferencesIn(dataSet, 'x0040a385', 'x00081115', 'x00081199'),
  ];
  const studyInstanceUid = asciiOf(dataSet, 'x0020000d');
  // Findings of one container share their pictures: each list is looked through once, not once a finding and question.
  const lists = new Set(findings.flatMap(({ images }) => (images ? [images] : [])));
  const namings = new Map([...lists].map((images) => [images, namingOf(images)]));
  const isOfEvidence = namingOf(evidence);
  const isAbout = ({ images }: Finding, image: AnnotatedImage) => {
    if (images !== undefined) return namings.get(images)!(image);
    if (evidence.length > 0) return isOfEvidence(image);
    return studyInstanceUid !== '' && studyInstanceUid === image.studyInstanceUid;
  };
  return {
    kind: 'sr',
    sopInstanceUid: asciiOf(dataSet, 'x00080018'),
    studyInstanceUid,
    placing: 'as-named',
    made: madeAt(dataSet, 'x00080023', 'x00080033'),
    frameOfReferenceUids: [],
    parts: [],
    references: [...evidence, ...imagesBelow(root, true)],
    structures: [],
    findings,
    maskOf: () => undefined,
    findingsOf: (image) => findings.filter((finding) => isAbout(finding, image)),
  };
}

function collect(container: ContentItem, around: readonly InstanceReference[] | undefined, into: Finding[]): void {
  // Images and regions that stand beside the findings go before those below single findings.
  const beside = container.children.filter(({ valueType }) => DEPICTING.has(valueType));
  const listed = beside.flatMap((item) => imagesBelow(item, false));
  const own = listed.length > 0 ? listed : imagesBelow(container, false);
  const images = own.length > 0 ? own : around;
  for (const item of container.children) {
    if (CIRCUMSTANCES.has(item.relationship)) continue;
    if (item.valueType === 'CONTAINER') collect(item, images, into);
    else collectItem(item, images, into);
  }
}

/** An item and what hangs below it: a finding may have properties of its own. */
function collectItem(item: ContentItem, around: readonly InstanceReference[] | undefined, into: Finding[]): void {
  const own = imagesBelow(item, false);
  const images = own.length > 0 ? own : around;
  const { concept, value, valueCode } = item;
  if (concept !== undefined && value !== '') into.push({ concept, value, valueCode, images });
  for (const child of item.children) {
    if (CIRCUMSTANCES.has(child.relationship)) continue;
    if (child.valueType === 'CONTAINER') collect(child, images, into);
    else collectItem(child, images, into);
  }
}

/**
 * The pictures named by an item and below it; those of inner containers speak for themselves, unless all are wanted.
 */
function imagesBelow(item: ContentItem, isEverything: boolean): InstanceReference[] {
  const below = item.children
    .filter((child) => isEverything || child.valueType !== 'CONTAINER')
    .flatMap((child) => imagesBelow(child, isEverything));
  return item.image === undefined ? below : [item.image, ...below];
}
