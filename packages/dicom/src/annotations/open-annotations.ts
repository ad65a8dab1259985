import { ConsiliumError } from '@consilium/errors';
import type { AnnotatedImage, Annotations, Structure } from './annotations.js';

/** The label of a picture that annotations cover without marking anything in it. */
export const NO_STRUCTURE_LABEL = 'none';

export interface AnnotationChoice {
  /** Objects of other kinds are not asked; all of them when not given. */
  readonly kinds?: readonly Annotations['kind'][];
  /** Label, code value or code meaning of the only structure that counts, in any case; every one when not given. */
  readonly structure?: string;
  /**
   * Meaning or code value of the concept whose values are labels, in any case; `Finding` (121071, DCM) when not given.
   */
  readonly concept?: string;
}

/** Many objects, asked about one picture at a time. */
export interface AnnotationSource {
  /**
   * What a report says of the picture; else what is marked in it, by the meaning of its code or, without one, its label;
   * else NO_STRUCTURE_LABEL; undefined when no object speaks of it.
   *
   * Errors   ANNOTATION_CONTRADICTORY when there are several labels; those of the objects' readers.
   */
  labelOf(image: AnnotatedImage): string | undefined;
  /**
   * What is marked of the structure that counts; undefined when no object speaks of the picture. Never what several
   * structures, or several objects that differ, say together.
   *
   * Shapes   [rows, columns], row-major, 0 or 1.
   * Errors   ANNOTATION_STRUCTURE_UNCHOSEN when none is chosen and there are several; ANNOTATION_READINGS_DIFFER with the
   *          numbers of two `objects` that differ; MASK_SIZE_MISMATCH; those of the objects' readers.
   */
  maskOf(image: AnnotatedImage): Uint8Array | undefined;
}

const FINDING = '121071';

/**
 * Only objects that name the picture's SOP instance, are of its study, or are placed by their place are asked. The objects hold the bytes that they
 * were read from: a caller with very many opens those of one study at a time.
 */
export function openAnnotations(objects: readonly Annotations[], choice: AnnotationChoice = {}): AnnotationSource {
  const asked = objects.filter(({ kind }) => choice.kinds?.includes(kind) ?? true);
  const byUid = new Map<string, Set<Annotations>>();
  const byPlace = asked.filter(({ placing }) => placing === 'by-place');
  for (const object of asked) {
    const uids = [object.studyInstanceUid, ...object.references.map(({ sopInstanceUid }) => sopInstanceUid)];
    for (const uid of uids) byUid.set(uid, (byUid.get(uid) ?? new Set()).add(object));
  }
  const candidates = ({ sopInstanceUid, studyInstanceUid }: AnnotatedImage): Annotations[] => [
    ...new Set([...(byUid.get(sopInstanceUid) ?? []), ...(byUid.get(studyInstanceUid) ?? []), ...byPlace]),
  ];
  return {
    labelOf: (image) => {
      const found = candidates(image);
      return onlyOne(reportLabels(found, image, choice)) ?? onlyOne(structureLabels(found, image, choice));
    },
    maskOf: (image) => onlyMask(candidates(image), image, choice, (object) => objects.indexOf(object)),
  };
}

function reportLabels(objects: readonly Annotations[], image: AnnotatedImage, choice: AnnotationChoice): string[] {
  const wanted = (choice.concept ?? FINDING).toLowerCase();
  return objects
    .flatMap((object) => object.findingsOf(image))
    .filter(({ concept }) => [concept.value, concept.meaning].some((text) => text.toLowerCase() === wanted))
    .map(({ value }) => value);
}

function structureLabels(objects: readonly Annotations[], image: AnnotatedImage, choice: AnnotationChoice): string[] {
  const masks = masksOf(objects, image, choice);
  const marked = masks
    .filter(({ mask }) => mask.includes(1))
    .map(({ structure }) => structure.code?.meaning || structure.label);
  return marked.length > 0 || masks.length === 0 ? marked : [NO_STRUCTURE_LABEL];
}

function masksOf(objects: readonly Annotations[], image: AnnotatedImage, choice: AnnotationChoice) {
  return objects.flatMap((object) =>
    object.structures
      .filter((structure) => isChosen(structure, choice))
      .flatMap((structure) => {
        const mask = object.maskOf(image, structure);
        return mask === undefined ? [] : [{ structure, mask }];
      }),
  );
}

function isChosen({ label, code }: Structure, { structure }: AnnotationChoice): boolean {
  if (structure === undefined) return true;
  return [label, code?.value, code?.meaning].some((text) => text?.toLowerCase() === structure.toLowerCase());
}

function onlyOne(labels: readonly string[]): string | undefined {
  const different = new Set(labels);
  if (different.size > 1) throw new ConsiliumError('ANNOTATION_CONTRADICTORY', { labels: different.size });
  return labels[0];
}

function onlyMask(
  objects: readonly Annotations[],
  image: AnnotatedImage,
  choice: AnnotationChoice,
  numberOf: (object: Annotations) => number,
): Uint8Array | undefined {
  const names = new Set(objects.flatMap(({ structures }) => structures.map(structureKey)));
  if (choice.structure === undefined && names.size > 1)
    throw new ConsiliumError('ANNOTATION_STRUCTURE_UNCHOSEN', { structures: names.size });
  const readings = objects.flatMap((object) => {
    const mask = union(masksOf([object], image, choice).map((found) => found.mask));
    return mask === undefined ? [] : [{ object, mask }];
  });
  const [first, ...others] = readings;
  const other = others.find(({ mask }) => mask.some((value, i) => value !== first!.mask[i]));
  if (other !== undefined)
    throw new ConsiliumError('ANNOTATION_READINGS_DIFFER', {
      one: numberOf(first!.object),
      other: numberOf(other.object),
    });
  return first?.mask;
}

/** Structures with one key are one structure, in however many objects. */
export function structureKey({ label, code }: Structure): string {
  return JSON.stringify([label, code?.meaning ?? ''].map((text) => text.trim().toLowerCase()));
}

/** Of the parts of one structure in one object. */
function union(masks: readonly Uint8Array[]): Uint8Array | undefined {
  const [first, ...others] = masks;
  for (const mask of others) for (let i = 0; i < mask.length; i++) first![i]! |= mask[i]!;
  return first;
}
