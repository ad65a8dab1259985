import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { Code } from '../../writing/codes.js';
import type { InstanceReference } from '../annotations.js';
import { asciiOf, codeOf, itemsOf, type TextReader } from '../elements.js';
import { referenceIn } from '../references.js';

/** One node of a report. Persons, UIDs, dates and waveforms are there as nodes without a value. */
export interface ContentItem {
  /** To its parent: CONTAINS, HAS PROPERTIES, INFERRED FROM, SELECTED FROM, HAS OBS CONTEXT, ...; '' at the root. */
  readonly relationship: string;
  readonly valueType: string;
  readonly concept: Code | undefined;
  /** Of CODE, TEXT and NUM. */
  readonly value: string;
  readonly valueCode: Code | undefined;
  /** Of IMAGE. */
  readonly image: InstanceReference | undefined;
  readonly children: readonly ContentItem[];
}

const DEPTH_LIMIT = 64;

/** Errors  DICOM_INVALID, also when items lie deeper than DEPTH_LIMIT. Source  DICOM PS3.3 C.17.3. */
export function readContentTree(item: DataSet, text: TextReader, depth = 0): ContentItem {
  if (depth > DEPTH_LIMIT) throw new ConsiliumError('DICOM_INVALID', { depthMore: DEPTH_LIMIT });
  const valueType = asciiOf(item, 'x0040a040');
  return {
    relationship: asciiOf(item, 'x0040a010'),
    valueType,
    concept: codeOf(item, 'x0040a043', text),
    ...readValue(item, valueType, text),
    image: valueType === 'IMAGE' ? itemsOf(item, 'x00081199').map((one) => referenceIn(one))[0] : undefined,
    children: itemsOf(item, 'x0040a730').map((child) => readContentTree(child, text, depth + 1)),
  };
}

function readValue(item: DataSet, valueType: string, text: TextReader): Pick<ContentItem, 'value' | 'valueCode'> {
  if (valueType === 'TEXT') return { value: text(item, 'x0040a160'), valueCode: undefined };
  if (valueType === 'CODE') {
    const valueCode = codeOf(item, 'x0040a168', text);
    return { value: valueCode?.meaning ?? '', valueCode };
  }
  const measured = valueType === 'NUM' ? itemsOf(item, 'x0040a300')[0] : undefined;
  if (measured === undefined) return { value: '', valueCode: undefined };
  const unit = codeOf(measured, 'x004008ea', text)?.value ?? '';
  const number = asciiOf(measured, 'x0040a30a');
  return { value: unit === '' || unit === '1' ? number : `${number} ${unit}`, valueCode: undefined };
}
