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
   * The union of all structures that count, over all objects; undefined when no object speaks of the picture.
   *
   * Shapes   [rows, columns], row-major, 0 or 1.
   * Errors   MASK_SIZE_MISMATCH; those of the objects' readers.
   */
  maskOf(image: AnnotatedImage): Uint8Array | undefined;
}

const FINDING = '121071';

/**
 * Only objects that name the picture's SOP instance or are of its study are asked. The objects hold the bytes that they
 * were read from: a caller with very many opens those of one study at a time.
 */
export function openAnnotations(objects: readonly Annotations[], choice: AnnotationChoice = {}): AnnotationSource {
  const asked = objects.filter(({ kind }) => choice.kinds?.includes(kind) ?? true);
  const byUid = new Map<string, Set<Annotations>>();
  for (const object of asked) {
    const uids = [object.studyInstanceUid, ...object.references.map(({ sopInstanceUid }) => sopInstanceUid)];
    for (const uid of uids) byUid.set(uid, (byUid.get(uid) ?? new Set()).add(object));
  }
  const candidates = ({ sopInstanceUid, studyInstanceUid }: AnnotatedImage): Annotations[] => [
    ...new Set([...(byUid.get(sopInstanceUid) ?? []), ...(byUid.get(studyInstanceUid) ?? [])]),
  ];
  return {
    labelOf: (image) => {
      const found = candidates(image);
      return onlyOne(reportLabels(found, image, choice)) ?? onlyOne(structureLabels(found, image, choice));
    },
    maskOf: (image) => union(masksOf(candidates(image), image, choice).map(({ mask }) => mask)),
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

function union(masks: readonly Uint8Array[]): Uint8Array | undefined {
  const [first, ...others] = masks;
  for (const mask of others) for (let i = 0; i < mask.length; i++) first![i]! |= mask[i]!;
  return first;
}
