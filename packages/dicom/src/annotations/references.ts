import type { DataSet } from 'dicom-parser';
import type { AnnotatedImage, InstanceReference } from './annotations.js';
import { asciiOf, integersOf, itemsOf } from './elements.js';

const STUDY = 'x0020000d';
const SERIES = 'x0020000e';
const SOP_INSTANCE = 'x00081155';
const FRAMES = 'x00081160';

/** One item that names a SOP instance; undefined if it names none. */
export function referenceIn(item: DataSet, series?: string, study?: string): InstanceReference | undefined {
  const sopInstanceUid = asciiOf(item, SOP_INSTANCE);
  if (sopInstanceUid === '') return undefined;
  const frames = integersOf(item, FRAMES);
  return {
    studyInstanceUid: study || undefined,
    seriesInstanceUid: series || undefined,
    sopInstanceUid,
    frames: frames.length > 0 ? frames : undefined,
  };
}

/** All items of a sequence that name instances. */
export function referencesIn(dataSet: DataSet, tag: string, series?: string, study?: string): InstanceReference[] {
  return itemsOf(dataSet, tag)
    .map((item) => referenceIn(item, series, study))
    .filter((reference) => reference !== undefined);
}

/** A sequence of series (tag), each with a sequence of instances below. */
export function seriesReferencesIn(dataSet: DataSet, tag: string, below: string, study?: string): InstanceReference[] {
  return itemsOf(dataSet, tag).flatMap((series) => referencesIn(series, below, asciiOf(series, SERIES), study));
}

/** A sequence of studies (tag), each with the series and instances below. */
export function studyReferencesIn(dataSet: DataSet, tag: string, series: string, below: string): InstanceReference[] {
  return itemsOf(dataSet, tag).flatMap((study) => seriesReferencesIn(study, series, below, asciiOf(study, STUDY)));
}

export function names(reference: InstanceReference, image: AnnotatedImage): boolean {
  const { sopInstanceUid, frames } = reference;
  return sopInstanceUid === image.sopInstanceUid && (frames === undefined || frames.includes(image.frame));
}

/**
 * Whether any of many references names a picture; asked once a picture and structure, so it does not walk through them.
 */
export function namingOf(references: readonly InstanceReference[]): (image: AnnotatedImage) => boolean {
  const frames = new Map<string, Set<number> | 'all'>();
  for (const reference of references) {
    const known = frames.get(reference.sopInstanceUid);
    if (known === 'all') continue;
    const named = known ?? new Set();
    for (const frame of reference.frames ?? []) named.add(frame);
    frames.set(reference.sopInstanceUid, reference.frames === undefined ? 'all' : named);
  }
  return ({ sopInstanceUid, frame }) => {
    const named = frames.get(sopInstanceUid);
    return named === 'all' || named?.has(frame) === true;
  };
}
