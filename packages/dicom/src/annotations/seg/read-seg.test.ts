import { describe, expect, it } from 'vitest';
import {
  code,
  FRAME_OF_REFERENCE,
  imageAt,
  type ObjectElements,
  objectFile,
  readObject,
  SEG,
} from '../object.fixture.js';
import { readAnnotations } from '../read-annotations.js';

const segment = (number: number, label: string): ObjectElements => ({
  '00620004 US': number,
  '00620005 LO': label,
  '0062000f SQ': code('T1', `type of ${label}`),
});
const measures: ObjectElements = { '00280030 DS': '2\\1.5', '00180050 DS': '1' };
const shared: ObjectElements = {
  '00209116 SQ': [{ '00200037 DS': '1\\0\\0\\0\\1\\0' }],
  '00289110 SQ': [measures],
};
const frameOf = (number: number | undefined, zMm: number, sources: readonly string[]): ObjectElements => ({
  '00089124 SQ': sources.length === 0 ? [] : [{ '00082112 SQ': sources.map((uid) => ({ '00081155 UI': uid })) }],
  '00209113 SQ': [{ '00200032 DS': `10\\20\\${zMm}` }],
  ...(number === undefined ? {} : { '0062000a SQ': [{ '0062000b US': number }] }),
});

/** Frames of 2 x 3 pixels, the first pixel the lowest bit: frame 0 is 101001, frame 1 is 010110. */
const TWO_FRAMES = Uint8Array.of(0b10100101, 0b0110);
const binary: ObjectElements = {
  '00080018 UI': '1.9',
  '0020000d UI': '1.2',
  '00200052 UI': FRAME_OF_REFERENCE,
  '00280002 US': 1,
  '00280004 CS': 'MONOCHROME2',
  '00280008 IS': '2',
  '00280010 US': 2,
  '00280011 US': 3,
  '00280100 US': 1,
  '00620001 CS': 'BINARY',
  '00620002 SQ': [segment(1, 'liver'), segment(2, 'lesion')],
  '52009229 SQ': [shared],
  '52009230 SQ': [frameOf(1, 5, []), frameOf(2, 5, [])],
  '7fe00010 OB': TWO_FRAMES,
};
const FIRST = Uint8Array.of(1, 0, 1, 0, 0, 1);
const SECOND = Uint8Array.of(0, 1, 0, 1, 1, 0);

describe('frames that name no source', () => {
  const seg = readObject(SEG, binary);
  const masksAt = (zMm: number, changes = {}) => seg.structures.map((s) => seg.maskOf(imageAt(zMm, changes), s));

  it('belong to the picture in their plane, within a tenth of a millimetre', () => {
    expect(masksAt(5)).toEqual([FIRST, SECOND]);
    expect(masksAt(5.09)).toEqual([FIRST, SECOND]);
    expect(masksAt(5.2)).toEqual([undefined, undefined]);
  });

  it('belong to no picture of another frame of reference, or of an unknown one', () => {
    expect(masksAt(5, { frameOfReferenceUid: '1.2.8' })).toEqual([undefined, undefined]);
    expect(masksAt(5, { frameOfReferenceUid: undefined })).toEqual([undefined, undefined]);
  });

  it('belong to a picture that the object names elsewhere; empty masks are said only where planes are known', () => {
    const listed = readObject(SEG, {
      ...binary,
      '00081115 SQ': [{ '0020000e UI': '1.4', '0008114a SQ': [{ '00081155 UI': '1.2.3' }] }],
    });
    const maskAt = (zMm: number, changes = {}) => listed.maskOf(imageAt(zMm, changes), listed.structures[0]!);
    expect(maskAt(5, { frameOfReferenceUid: undefined })).toEqual(FIRST);
    expect(maskAt(9)).toEqual(new Uint8Array(6));
    expect(maskAt(9, { plane: undefined })).toBeUndefined();
  });
});

it('a frame made from several pictures is put on the one in its plane', () => {
  const seg = readObject(SEG, {
    ...binary,
    '52009230 SQ': [frameOf(1, 5, ['1.2.3', '1.2.4']), frameOf(2, 7, ['1.2.3', '1.2.4'])],
  });
  const masks = seg.structures.map((structure) => seg.maskOf(imageAt(5), structure));
  expect(masks).toEqual([FIRST, new Uint8Array(6)]);
});

it('a frame that names frames of a picture belongs to those', () => {
  const source = { '00081155 UI': '1.2.3', '00081160 IS': '2\\4' };
  const first = { ...frameOf(1, 5, []), '00089124 SQ': [{ '00082112 SQ': [source] }] };
  const seg = readObject(SEG, { ...binary, '52009230 SQ': [first, frameOf(2, 5, ['1.2.9'])] });
  const masks = [1, 2, 3, 4].map((frame) => seg.maskOf(imageAt(5, { frame }), seg.structures[0]!));
  expect(masks).toEqual([undefined, FIRST, undefined, FIRST]);
});

it('a fractional pixel is set from half of the maximum on', () => {
  const seg = readObject(SEG, {
    ...binary,
    '00280100 US': 8,
    '00620001 CS': 'FRACTIONAL',
    '0062000e US': 200,
    '7fe00010 OB': Uint8Array.of(0, 99, 100, 101, 200, 1, 100, 0, 0, 0, 0, 0),
  });
  expect(seg.maskOf(imageAt(5), seg.structures[0]!)).toEqual(Uint8Array.of(0, 0, 1, 1, 1, 0));
});

it('a label map of 16 bits has one structure a value, and the ground is none', () => {
  const background = { ...segment(0, 'ground'), '0062000f SQ': code('125040', 'Background') };
  const values = Uint16Array.of(0, 300, 2, 300, 0, 7);
  const { '7fe00010 OB': _, ...others } = binary;
  const seg = readObject(`${SEG.slice(0, -1)}7`, {
    ...others,
    '00280008 IS': '1',
    '00280100 US': 16,
    '00620001 CS': 'LABELMAP',
    '00620002 SQ': [background, segment(2, 'small'), segment(300, 'large')],
    '52009230 SQ': [frameOf(undefined, 5, ['1.2.3'])],
    '7fe00010 OW': new Uint8Array(values.buffer),
  });
  expect(seg.structures.map(({ label }) => label)).toEqual(['small', 'large']);
  const masks = seg.structures.map((structure) => seg.maskOf(imageAt(5), structure));
  expect(masks).toEqual([Uint8Array.of(0, 0, 1, 0, 0, 0), Uint8Array.of(0, 1, 0, 1, 0, 0)]);
});

it.each<[string, string, ObjectElements]>([
  ['a frame without a segment', 'DICOM_INVALID', { '52009230 SQ': [frameOf(1, 5, []), frameOf(undefined, 5, [])] }],
  [
    'a frame of a segment that is not described',
    'DICOM_INVALID',
    { '52009230 SQ': [frameOf(1, 5, []), frameOf(3, 5, [])] },
  ],
  ['a segment number twice', 'DICOM_INVALID', { '00620002 SQ': [segment(1, 'a'), segment(2, 'b'), segment(1, 'c')] }],
  ['fewer groups than frames', 'DICOM_INVALID', { '52009230 SQ': [frameOf(1, 5, [])] }],
  ['bits of another type', 'DICOM_INVALID', { '00280100 US': 8, '00280010 US': 1, '00280011 US': 1 }],
  ['a maximum that is none', 'DICOM_INVALID', { '0062000e US': 0 }],
  ['an unknown type', 'DICOM_INVALID', { '00620001 CS': 'SURFACE' }],
  ['too few pixels', 'DICOM_INVALID', { '00280010 US': 3 }],
  ['no columns', 'DICOM_INVALID', { '00280011 US': 0 }],
  ['more pixels than there may be', 'DICOM_TOO_LARGE', { '00280010 US': 65_535, '00280011 US': 65_535 }],
  ['a number of frames that is none', 'DICOM_INVALID', { '00280008 IS': '-2' }],
  ['bits that are not read', 'DICOM_UNSUPPORTED', { '00280100 US': 4 }],
  ['a position that is none', 'DICOM_INVALID', { '52009230 SQ': [frameOf(1, 5, []), frameOf(2, Number.NaN, [])] }],
  [
    'directions that are no plane',
    'DICOM_INVALID',
    { '52009229 SQ': [{ ...shared, '00209116 SQ': [{ '00200037 DS': '1\\0\\0\\1\\0\\0' }] }] },
  ],
])('refuses %s', (_, expected, changes) => {
  expect(() => readObject(SEG, { ...binary, ...changes })).toThrow(expect.objectContaining({ code: expected }));
});

it('refuses an object without pixels, and one that ends early', () => {
  const { '7fe00010 OB': _, ...without } = binary;
  expect(() => readObject(SEG, without)).toThrow(expect.objectContaining({ code: 'DICOM_NO_PIXELS' }));
  const whole = objectFile(SEG, binary);
  expect(() => readAnnotations(whole.subarray(0, whole.length - 1))).toThrow(
    expect.objectContaining({ code: 'DICOM_TRUNCATED' }),
  );
});
