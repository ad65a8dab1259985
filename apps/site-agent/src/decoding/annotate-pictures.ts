import {
  type AnnotatedImage,
  type AnnotationChoice,
  type AnnotationSource,
  type Annotations,
  type Codecs,
  openAnnotations,
  readAnnotations,
} from '@consilium/dicom';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { readWhole } from './read-whole.js';

/** Objects of one study serve many pictures in a row. */
const STUDIES_OPEN = 2;

/** Pictures, and the files of the label objects of their study. */
export interface AnnotationQuestion {
  readonly objects: readonly string[];
  readonly choice: AnnotationChoice;
  readonly images: readonly AnnotatedImage[];
}

export interface AnnotatedPictures {
  /** As the images were asked. */
  readonly images: readonly AnnotatedPicture[];
  /** Objects that cannot be read, by their place in the question. */
  readonly refused: readonly { readonly object: number; readonly code: ErrorCode }[];
}

export interface AnnotatedPicture {
  readonly label: string | undefined;
  /** [rows, columns] of 0 and 1. */
  readonly mask: Uint8Array | undefined;
  /** Why one of them could not be told. */
  readonly labelProblem: ErrorCode | undefined;
  readonly maskProblem: ErrorCode | undefined;
}

interface OpenObjects {
  readonly name: string;
  readonly source: AnnotationSource;
  readonly refused: AnnotatedPictures['refused'];
}

/** Answers for pictures what label objects say of them; keeps the objects of the last studies open. */
export function annotator(codecs: Codecs): (question: AnnotationQuestion) => AnnotatedPictures {
  const open: OpenObjects[] = [];
  return ({ objects, choice, images }) => {
    const name = JSON.stringify([objects, choice]);
    const at = open.findIndex((one) => one.name === name);
    const [found] = at < 0 ? [{ name, ...openObjects(objects, choice, codecs) }] : open.splice(at, 1);
    open.push(found!);
    if (open.length > STUDIES_OPEN) open.shift();
    const { source, refused } = found!;
    return { images: images.map((image) => annotate(image, source)), refused };
  };
}

function openObjects(paths: readonly string[], choice: AnnotationChoice, codecs: Codecs): Omit<OpenObjects, 'name'> {
  const objects: Annotations[] = [];
  const refused: { object: number; code: ErrorCode }[] = [];
  paths.forEach((path, object) => {
    const read = orCode(() => readAnnotations(readWhole(path).slice(), codecs));
    if (read.code !== undefined) refused.push({ object, code: read.code });
    else if (read.value) objects.push(read.value);
  });
  return { source: openAnnotations(objects, choice), refused };
}

function annotate(image: AnnotatedImage, source: AnnotationSource): AnnotatedPicture {
  const label = orCode(() => source.labelOf(image));
  const mask = orCode(() => source.maskOf(image));
  return { label: label.value, mask: mask.value, labelProblem: label.code, maskProblem: mask.code };
}

function orCode<T>(read: () => T): { readonly value?: T; readonly code?: ErrorCode } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof ConsiliumError) return { code: error.code };
    throw error;
  }
}
