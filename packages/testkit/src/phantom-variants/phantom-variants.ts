import {
  CR_IMAGE_STORAGE,
  type DataSet,
  enhancedCtDataSet,
  type SliceFields,
  sliceDataSet,
  TRANSFER_SYNTAX,
  uidFromName,
  writeDataSet,
} from '@consilium/dicom';
import { ctSiteProfile } from '../phantom-ct/ct-profiles.js';
import { takeCtStudy } from '../phantom-ct/take-ct-study.js';
import { mrSiteProfile } from '../phantom-mr/mr-profiles.js';
import { takeMrStudy } from '../phantom-mr/take-mr-study.js';
import type { VolumePatient } from '../phantom-volume/volume-roster.js';
import type { PhantomSeries } from '../phantom-volume/volume-study.js';
import { type FrameEncoding, loadEncodings } from './encoders.js';

/** One phantom picture in one transfer syntax. */
export interface PhantomVariant {
  /** Such as "ct-signed.jpeg-ls". */
  readonly name: string;
  readonly transferSyntaxUid: string;
  readonly bytes: Uint8Array;
  /** [frames, rows, columns], row-major: what was compressed. A lossless file gives exactly this back. */
  readonly stored: Int32Array;
  readonly shape: readonly [frames: number, rows: number, columns: number];
  readonly isLossless: boolean;
}

interface Picture {
  readonly name: string;
  readonly dataSet: DataSet;
  readonly stored: Int32Array;
  readonly shape: PhantomVariant['shape'];
}

const PATIENT: VolumePatient = { id: 'variant', sex: 'F', ageYears: 54, hasLesions: true, studies: 1 };
const ORDER = { seed: 'variants', siteId: 'variants', patient: PATIENT, study: 0 } as const;
/** Baseline JPEG has 8 bits; the others take all that we have. The library has no encoder of 12-bit lossy JPEG. */
const TAKES: Readonly<Record<string, readonly string[]>> = { 'jpeg-baseline': ['film'] };

/**
 * A CT slice of 12 bits and one of 16 signed ones, an MR slice, an 8-bit picture and an enhanced CT volume, each in every transfer
 * syntax that fits it: uncompressed in four ways, and compressed by each encoder of the codec library. Same matrix, same bytes.
 */
export async function phantomVariants(matrix = 128): Promise<PhantomVariant[]> {
  const encodings = await loadEncodings();
  return makePictures(matrix).flatMap((picture) => [
    ...Object.entries(TRANSFER_SYNTAX).map(([name, uid]) => plainVariant(picture, name, uid)),
    ...encodings
      .filter(({ name }) => TAKES[name]?.includes(picture.name) ?? true)
      .map((encoding) => compressedVariant(picture, encoding)),
  ]);
}

function plainVariant(picture: Picture, name: string, transferSyntaxUid: string): PhantomVariant {
  const { stored, shape } = picture;
  const bytes = writeDataSet(named(picture, name), transferSyntaxUid);
  return { name: `${picture.name}.${name}`, transferSyntaxUid, bytes, stored, shape, isLossless: true };
}

function compressedVariant(picture: Picture, encoding: FrameEncoding): PhantomVariant {
  const { dataSet, stored, shape } = picture;
  const [, rows, columns] = shape;
  const bitsAllocated = dataSet.BitsAllocated as 8 | 16;
  const pixels = dataSet.PixelData as Uint8Array;
  const frameBytes = (rows * columns * bitsAllocated) / 8;
  const frames = Array.from({ length: shape[0] }, (_, k) =>
    encoding.encode({
      rows,
      columns,
      bitsAllocated,
      bitsStored: dataSet.BitsStored as number,
      isSigned: dataSet.PixelRepresentation === 1,
      bytes: pixels.slice(k * frameBytes, (k + 1) * frameBytes),
    }),
  );
  const compressed = { ...named(picture, encoding.name), PixelData: { frames } };
  const ratio = pixels.length / frames.reduce((sum, frame) => sum + frame.length, 0);
  const { transferSyntaxUid, isLossless } = encoding;
  const bytes = writeDataSet(isLossless ? compressed : asLossy(compressed, encoding, ratio), transferSyntaxUid);
  return { name: `${picture.name}.${encoding.name}`, transferSyntaxUid, bytes, stored, shape, isLossless };
}

/** Each variant is an instance of its own. */
function named({ name, dataSet }: Picture, variant: string): DataSet {
  return { ...dataSet, SOPInstanceUID: uidFromName(`phantom variant ${name} ${variant}`) };
}

function asLossy(dataSet: DataSet, { method }: FrameEncoding, ratio: number): DataSet {
  const [, ...rest] = dataSet.ImageType as readonly string[];
  return {
    ...dataSet,
    ImageType: ['DERIVED', ...rest],
    LossyImageCompression: '01',
    LossyImageCompressionRatio: Number(ratio.toFixed(2)),
    LossyImageCompressionMethod: method,
  };
}

function makePictures(matrix: number): Picture[] {
  const [ct] = takeCtStudy({ ...ORDER, matrix, profile: ctSiteProfile(0) });
  const [signed] = takeCtStudy({ ...ORDER, matrix, profile: ctSiteProfile(1) });
  const [mr] = takeMrStudy({ ...ORDER, matrix, profile: mrSiteProfile(0) });
  return [
    slicePicture('ct', middleOf(ct!)),
    slicePicture('ct-signed', middleOf(signed!)),
    slicePicture('mr', middleOf(mr!)),
    filmPicture(middleOf(ct!)),
    enhancedPicture(signed!),
  ];
}

function middleOf(series: PhantomSeries): SliceFields {
  return series.sliceAt(Math.floor(series.source.images.length / 2));
}

function slicePicture(name: string, fields: SliceFields): Picture {
  const { rows, columns, stored } = fields;
  return { name, dataSet: sliceDataSet(fields), stored: Int32Array.from(stored), shape: [1, rows, columns] };
}

/** A film has no place in the patient and no Hounsfield units. */
const NOT_OF_FILMS: ReadonlySet<string> = new Set([
  'PatientPosition',
  'FrameOfReferenceUID',
  'PositionReferenceIndicator',
  'ImagePositionPatient',
  'ImageOrientationPatient',
  'PixelSpacing',
  'SliceThickness',
  'SliceLocation',
  'PixelPaddingValue',
  'RescaleSlope',
  'RescaleIntercept',
  'RescaleType',
  'WindowCenter',
  'WindowWidth',
]);

/** The slice in a lung window of 8 bits, as if it were a film: only so can baseline JPEG have it. */
function filmPicture(fields: SliceFields): Picture {
  const { rows, columns, stored } = fields;
  const grey = Uint8Array.from(stored, (value) => Math.min(255, Math.max(0, Math.round((value * 255) / 1400))));
  const slice = Object.entries(sliceDataSet({ ...fields, acquisition: {} }));
  const kept: DataSet = Object.fromEntries(slice.filter(([name]) => !NOT_OF_FILMS.has(name)));
  const dataSet: DataSet = {
    ...kept,
    SOPClassUID: CR_IMAGE_STORAGE,
    Modality: 'CR',
    ImageType: ['ORIGINAL', 'PRIMARY'],
    ViewPosition: 'AP',
    PatientOrientation: ['L', 'F'],
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: grey,
  };
  return { name: 'film', dataSet, stored: Int32Array.from(grey), shape: [1, rows, columns] };
}

/** Five slices in one file, each with an intercept of its own. */
function enhancedPicture(series: PhantomSeries): Picture {
  const slices = [5, 6, 7, 8, 9].map((k) => series.sliceAt(k));
  const first = slices[0]!;
  const dataSet = enhancedCtDataSet({
    ...first,
    sopInstanceUid: uidFromName('phantom variant enhanced'),
    seriesInstanceUid: uidFromName('phantom variant enhanced series'),
    seriesNumber: 9,
    frameOfReferenceUid: first.series.frameOfReferenceUid,
    window: { center: 40, width: 400 },
    frames: slices.map(({ plane, stored }, k) => ({ plane, stored, rescale: { slope: 1, intercept: -1024 - k } })),
  });
  const stored = Int32Array.from(slices.flatMap((slice) => Array.from(slice.stored)));
  return { name: 'enhanced', dataSet, stored, shape: [slices.length, first.rows, first.columns] };
}
