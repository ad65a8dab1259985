import type { Acquisition, Dimension } from '../geometry/acquisition.js';
import { type PictureKind, pictureKind } from '../geometry/picture-kind.js';
import { textOf } from './header.js';
import type { ElementSource, ParsedDicom } from './parse.js';
import { firstItem, itemsOf } from './values.js';

/** Longer texts tell nothing apart that their beginning does not. */
const LONGEST_TEXT = 256;
const FRAME_TYPES = ['x00189226', 'x00189329', 'x00189751', 'x00189504'] as const;

type Read = (source: ElementSource) => string | number | undefined;
/** Sequences on the way to an element, from a functional group (or the header) down, and how it is read. */
type Found = readonly [path: readonly string[], read: Read];

/** Each of several values without the blanks that pad it. */
const texts =
  (tag: string): Read =>
  (source) =>
    textOf(source, tag)
      .split('\\')
      .map((value) => value.trim())
      .join('\\')
      .slice(0, LONGEST_TEXT) || undefined;
const text =
  (tag: string): Read =>
  (source) =>
    textOf(source, tag).trim().slice(0, LONGEST_TEXT) || undefined;
/** Of a text of digits (DS, IS, TM, DT); what is no number stays a text. */
const digits =
  (tag: string): Read =>
  (source) => {
    const said = text(tag)(source);
    const number = Number(said);
    return said !== undefined && Number.isFinite(number) ? number : said;
  };
/** Of binary numbers of so many bytes; several as one text. */
const binary =
  (tag: string, bytes: 2 | 4 | 8 | 'float'): Read =>
  ({ dataSet, bytes: all }) => {
    const element = dataSet.elements[tag];
    const size = bytes === 'float' ? 4 : bytes;
    if (!element || element.length < size || element.length > 64 || element.dataOffset + element.length > all.length)
      return undefined;
    const read = { 2: 'uint16', 4: 'uint32', 8: 'double', float: 'float' } as const;
    const numbers = Array.from({ length: Math.floor(element.length / size) }, (_, i) => dataSet[read[bytes]](tag, i));
    return numbers.length === 1 ? numbers[0] : numbers.join('\\');
  };
/** Of a scanner's own element, where the file names its maker as the owner of the block. */
const owned =
  (owner: string, creator: string, read: Read): Read =>
  (source) =>
    textOf(source, creator).trim().toUpperCase().startsWith(owner) ? read(source) : undefined;

/** GE adds a thousand million to some. */
const geBValue: Read = (source) => {
  const first = Number(textOf(source, 'x00431039').split('\\')[0]);
  return Number.isFinite(first) && textOf(source, 'x00431039') !== '' ? first % 1e9 : undefined;
};

/** Each is looked up in the functional groups of the frame, in those of all frames, then in the header. Source  DICOM PS3.6, C.8.13. */
const ELEMENTS: Readonly<Record<Dimension, readonly Found[]>> = {
  ImageType: [...FRAME_TYPES.map((group): Found => [[group], texts('x00089007')]), [[], texts('x00080008')]],
  ComplexImageComponent: [
    [['x00189226'], text('x00089208')],
    [[], text('x00089208')],
  ],
  EchoTime: [
    [['x00189114'], binary('x00189082', 8)],
    [[], digits('x00180081')],
    [[], binary('x00189082', 8)],
  ],
  EchoNumbers: [[[], digits('x00180086')]],
  InversionTime: [
    [['x00189115'], binary('x00189079', 8)],
    [[], digits('x00180082')],
  ],
  BValue: [
    [['x00189117'], binary('x00189087', 8)],
    [[], binary('x00189087', 8)],
    [[], owned('SIEMENS MR HEADER', 'x00190010', digits('x0019100c'))],
    [[], owned('GEMS_PARM_01', 'x00430010', geBValue)],
    [[], owned('PHILIPS IMAGING DD 001', 'x20010010', binary('x20011003', 'float'))],
  ],
  DiffusionDirection: [
    [['x00189117', 'x00189076'], binary('x00189089', 8)],
    [['x00189117'], text('x00189075')],
    [[], binary('x00189089', 8)],
    [[], owned('SIEMENS MR HEADER', 'x00190010', binary('x0019100e', 8))],
  ],
  FlipAngle: [
    [['x00189112'], digits('x00181314')],
    [[], digits('x00181314')],
  ],
  RepetitionTime: [
    [['x00189112'], digits('x00180080')],
    [[], digits('x00180080')],
  ],
  MagnetizationTransfer: [
    [['x00189115'], text('x00189020')],
    [[], text('x00189020')],
  ],
  KVP: [
    [['x00189325'], digits('x00180060')],
    [[], digits('x00180060')],
  ],
  ConvolutionKernel: [
    [['x00189314'], text('x00181210')],
    [[], text('x00181210')],
  ],
  ContrastBolusAgent: [[[], text('x00180010')]],
  ContrastBolusPhase: [[['x00189341'], text('x00189344')]],
  ReceiveCoilName: [
    [['x00189042'], text('x00181250')],
    [[], text('x00181250')],
  ],
  SequenceName: [[[], text('x00180024')]],
  CardiacPhase: [
    [['x00189118'], binary('x00209241', 8)],
    [['x00189118'], binary('x00209153', 8)],
    [[], binary('x00209241', 8)],
  ],
  RespiratoryPhase: [
    [['x00189253'], binary('x00209245', 8)],
    [[], binary('x00209245', 8)],
  ],
  TemporalPosition: [
    [['x00209111'], binary('x00209128', 4)],
    [[], digits('x00200100')],
  ],
  StackId: [[['x00209111'], text('x00209056')]],
  AcquisitionNumber: [
    [['x00209111'], binary('x00209156', 2)],
    [[], digits('x00200012')],
  ],
  TriggerTime: [[[], digits('x00181060')]],
  TemporalOffset: [[['x00209310'], binary('x0020930d', 8)]],
  FrameReferenceTime: [[[], digits('x00541300')]],
  AcquisitionTime: [
    [['x00209111'], digits('x00189074')],
    [[], digits('x00080032')],
  ],
  ContentTime: [[[], digits('x00080033')]],
};

/** How each frame was taken or made. What cannot be read counts as not said: it tells nothing apart. */
export function readAcquisitions(parsed: ParsedDicom): (index: number) => Acquisition {
  const ofFrames = itemsOf(parsed, 'x52009230');
  const ofAll = firstItem(parsed, 'x52009229');
  const [modality = '', sopClassUid = ''] = ['x00080060', 'x00080016'].map((tag) => textOf(parsed, tag).toUpperCase());
  const imagesInMosaic = Number(owned('SIEMENS MR HEADER', 'x00190010', binary('x0019100a', 2))(parsed) ?? 0);
  const isLossy = textOf(parsed, 'x00282110') === '01';
  return (index) => {
    const sources = [ofFrames[index], ofAll].filter((source) => source !== undefined);
    const find = (found: readonly Found[]) => {
      for (const [path, read] of found)
        for (const source of path.length === 0 ? [parsed] : sources) {
          const end = path.reduce<ElementSource | undefined>((at, tag) => at && firstItem(at, tag), source);
          const value = end && read(end);
          if (value !== undefined) return value;
        }
      return undefined;
    };
    const named = Object.entries(ELEMENTS).map(([name, found]) => [name, find(found)] as const);
    const values: Acquisition['values'] = Object.fromEntries(named.filter(([, value]) => value !== undefined));
    const technique = find([
      ...FRAME_TYPES.map((group): Found => [[group], text('x00089207')]),
      [[], text('x00089207')],
    ]);
    const imageType = String(values.ImageType ?? '')
      .toUpperCase()
      .split('\\');
    return {
      kind: pictureKind({
        modality,
        sopClassUid,
        imageType,
        technique: String(technique ?? ''),
        imagesInMosaic,
        isLossy,
      }),
      values,
    };
  };
}

/** What the file as a whole is, by its header; undefined where it does not say, or its frames differ. */
export function readPictureKind(parsed: ParsedDicom): PictureKind | undefined {
  return itemsOf(parsed, 'x52009230').length > 1 ? undefined : readAcquisitions(parsed)(0).kind;
}
