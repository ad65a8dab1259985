import {
  type AnnotatedImage,
  type AnnotationChoice,
  type AnnotationSource,
  type Annotations,
  type Codecs,
  openAnnotations,
  type Placing,
  readAnnotations,
} from '@consilium/dicom';
import { ConsiliumError, type ErrorCode, type ErrorDetail } from '@consilium/errors';
import { readWhole } from './read-whole.js';

/** The same objects serve many pictures in a row. */
const QUESTIONS_OPEN = 2;

/** A label object, and how it finds its pictures. */
export interface PlacedObject {
  readonly path: string;
  readonly placing: Placing;
  /** Whether it speaks of every picture that it is asked about: what it does not mark is empty then. */
  readonly coversAll: boolean;
}

/** What is known of a label object before any picture is asked about. Identifying: UIDs and labels are the file's own. */
export type AnnotationSummary = Pick<
  Annotations,
  'kind' | 'structures' | 'made' | 'frameOfReferenceUids' | 'parts' | 'references'
>;

/** Pictures, and the label objects that speak of them. */
export interface AnnotationQuestion {
  readonly objects: readonly PlacedObject[];
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
  /** Of a mask that two objects, by their place in the question, mark differently. */
  readonly readings: readonly number[];
  /** Why one of them could not be told. */
  readonly labelProblem: ErrorCode | undefined;
  readonly maskProblem: ErrorCode | undefined;
}

interface OpenObjects {
  readonly name: string;
  readonly source: AnnotationSource;
  /** Of the source's objects in the question. */
  readonly numbers: readonly number[];
  readonly refused: AnnotatedPictures['refused'];
}

/** Answers for pictures what label objects say of them; keeps the objects of the last questions open. */
export function annotator(codecs: Codecs): (question: AnnotationQuestion) => AnnotatedPictures {
  const open: OpenObjects[] = [];
  return ({ objects, choice, images }) => {
    const name = JSON.stringify([objects, choice]);
    const at = open.findIndex((one) => one.name === name);
    const [found] = at < 0 ? [{ name, ...openObjects(objects, choice, codecs) }] : open.splice(at, 1);
    open.push(found!);
    if (open.length > QUESTIONS_OPEN) open.shift();
    return { images: images.map((image) => annotate(image, found!)), refused: found!.refused };
  };
}

/** Errors  those of `readAnnotations`; DICOM_UNSUPPORTED for what is no label object; DICOM_UNREADABLE. */
export function summarizeAnnotations(path: string, codecs: Codecs): AnnotationSummary {
  const read = readAnnotations(readWhole(path).slice(), codecs);
  if (!read) throw new ConsiliumError('DICOM_UNSUPPORTED');
  const { kind, structures, made, frameOfReferenceUids, parts, references } = read;
  return { kind, structures, made, frameOfReferenceUids, parts, references };
}

function openObjects(
  placed: readonly PlacedObject[],
  choice: AnnotationChoice,
  codecs: Codecs,
): Omit<OpenObjects, 'name'> {
  const objects: Annotations[] = [];
  const refused: { object: number; code: ErrorCode }[] = [];
  const numbers: number[] = [];
  placed.forEach(({ path, placing, coversAll }, object) => {
    const read = orCode(() => readAnnotations(readWhole(path).slice(), codecs, placing));
    if (read.code !== undefined) refused.push({ object, code: read.code });
    if (!read.value) return;
    objects.push(coversAll ? speakingOfAll(read.value) : read.value);
    numbers.push(object);
  });
  return { source: openAnnotations(objects, choice), numbers, refused };
}

function speakingOfAll(object: Annotations): Annotations {
  const empty = ({ rows, columns }: AnnotatedImage) => new Uint8Array(rows * columns);
  return { ...object, maskOf: (image, structure) => object.maskOf(image, structure) ?? empty(image) };
}

function annotate(image: AnnotatedImage, { source, numbers }: OpenObjects): AnnotatedPicture {
  const label = orCode(() => source.labelOf(image));
  const mask = orCode(() => source.maskOf(image));
  const { one, other } = mask.code === 'ANNOTATION_READINGS_DIFFER' ? mask.detail! : {};
  const readings = [one, other].flatMap((at) => (typeof at === 'number' ? numbers[at]! : []));
  return { label: label.value, mask: mask.value, readings, labelProblem: label.code, maskProblem: mask.code };
}

function orCode<T>(read: () => T): { readonly value?: T; readonly code?: ErrorCode; readonly detail?: ErrorDetail } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof ConsiliumError) return { code: error.code, detail: error.detail };
    throw error;
  }
}
