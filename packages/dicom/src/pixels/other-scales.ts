import { bytesOf, textOf } from '../parsing/header.js';
import type { ElementSource, ParsedDicom } from '../parsing/parse.js';
import { firstItem, itemsOf } from '../parsing/values.js';
import type { PictureRemark } from '../rendering/picture-remarks.js';

/** The line from stored values to those of a scale. */
interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * What a file says of its values beyond slope and intercept, and what is not computed here: uptake values of PET that are not in
 * the file yet, real world values on another line, and the private scale of Philips MR.
 *
 * Source  DICOM PS3.3 C.8.9.1.1.3 (units of PET: GML is grams per millilitre, an SUV), C.7.6.16.2.11 (real world values).
 */
export function readScaleRemarks(parsed: ParsedDicom): (index: number, rescale: Line) => PictureRemark[] {
  const ofFrames = itemsOf(parsed, 'x52009230');
  const ofAll = firstItem(parsed, 'x52009229');
  const isPet = textOf(parsed, 'x00080060') === 'PT' && textOf(parsed, 'x00541001') !== 'GML';
  const hasPhilipsScale = privateElement(parsed, 0x2005, 'Philips MR Imaging DD 001', 0x0e);
  return (index, rescale) => {
    const mappings = [ofFrames[index], ofAll, parsed].flatMap((source) => (source ? itemsOf(source, 'x00409096') : []));
    const isOther = mappings.some((mapping) => differs(mapping, rescale));
    return [...(isPet ? ['not-suv' as const] : []), ...(hasPhilipsScale || isOther ? ['other-scale' as const] : [])];
  };
}

/** A mapping by a table, or by another line than slope and intercept. */
function differs(mapping: ElementSource, { slope, intercept }: Line): boolean {
  const [ownSlope, ownIntercept] = [double(mapping, 'x00409225'), double(mapping, 'x00409224')];
  if (ownSlope === undefined) return mapping.dataSet.elements.x00409212 !== undefined;
  return ownSlope !== slope || (ownIntercept ?? 0) !== intercept;
}

function double({ dataSet }: ElementSource, tag: string): number | undefined {
  return dataSet.elements[tag]?.length === 8 ? dataSet.double(tag) : undefined;
}

/** Whether a group has an element in the block that a private creator has taken (PS3.5 7.8.1). */
function privateElement(source: ElementSource, group: number, creator: string, element: number): boolean {
  const { elements } = source.dataSet;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  for (let block = 0x10; block <= 0xff; block++) {
    const owner = elements[`x${hex(group, 4)}${hex(block, 4)}`];
    if (
      owner === undefined ||
      Buffer.from(bytesOf(source, owner, 64))
        .toString('latin1')
        .trim() !== creator
    )
      continue;
    if ((elements[`x${hex(group, 4)}${hex(block, 2)}${hex(element, 2)}`]?.length ?? 0) > 0) return true;
  }
  return false;
}
