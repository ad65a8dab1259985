import type { DicomFrame } from '../pixels/read-image.js';

/** What a person should know of how a picture's values came about; none of it keeps the picture from being used. */
export const PICTURE_REMARKS = {
  'unused-bits': 'bits above Bits Stored are set; they are no part of the values and were left out (PS3.5 8.1.1)',
  'sign-by-codestream':
    'the header calls the values unsigned, its JPEG 2000 codestream signed, and some are below zero; taken as signed',
  'sign-by-header':
    'the header calls the values signed, its JPEG 2000 codestream unsigned; taken as the bits of signed values',
  padding:
    'has padding; it became the darkest of the other values, and counts as such in percentiles, mean and deviation',
  'padding-among-values': 'its padding value lies among its other values and was left as it is; it counts everywhere',
  'not-suv': 'a PET picture in the units of its file; standardised uptake values (SUV) are not computed',
  'other-scale':
    'has a second scale (real world values, or one of the vendor) that is not applied; rescale slope and intercept are',
} as const;

export type PictureRemark = keyof typeof PICTURE_REMARKS;

/** Of the frame as it was read, and of the same with the numbers that its values stand for. */
export function* remarksOnValues(read: DicomFrame, plain: DicomFrame): Generator<PictureRemark> {
  if (read.valid?.isSigned === false && plain.stored !== read.stored) yield 'unused-bits';
  if (read.signBy === 'header') yield 'sign-by-header';
  if (read.signBy === 'codestream' && plain.stored.some((value: number) => value < 0)) yield 'sign-by-codestream';
  if (read.samples === 1 && read.palette === undefined) yield* read.scaleRemarks;
}
