import { beforeAll, describe, expect, it } from 'vitest';
import { loadCodecs, type StoredValues, toDisplay, toGrey } from '../index.js';
import { corpusBytes, corpusRows, isCorpusThere, type Outcome, type Row, readCorpusFile } from './corpus.fixture.js';

if (!isCorpusThere) console.warn('skipped: real DICOM files (../shared/data/dicom is absent)');

/** Files of which we make something else than the manifest expects, and why. Nothing else may deviate. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  'seg_objects/parametric_map_float.dcm':
    'read: its pixels are of floating point, under a tag that the manifest leaves out',
  'seg_objects/liver_nonbyte_aligned_j2k.dcm':
    'read as 0 and 1, as the same picture in RLE and deflated frames; the one reference decoder stretches to 0 and 255',
};

/** Files for which the manifest leaves it open, or on which decoders disagree: what we do. */
const OPEN: Readonly<Record<string, readonly [got: string, why: string]>> = {
  'malformed/20-wrong-transfer-syntax.dcm': [
    'DICOM_INVALID',
    'JPEG-LS by its header, but the pixels are not compressed',
  ],
  'malformed/GH340.dcm': ['DICOM_INVALID', 'ACR-NEMA 1.0: it does not say how its values are to be seen'],
  'malformed/GH626.dcm': ['DICOM_TRUNCATED', 'ends inside an element; no pixels'],
  'malformed/JPEG2000-embedded-sequence-delimiter.dcm': [
    'DICOM_INVALID',
    'the codestream claims 3,722,445,056 columns',
  ],
  'malformed/PrivateMDNTags.dcm': ['read', 'no preamble; the data set is whole and its bits are those of DCMTK'],
  'malformed/emri_small_jpeg_2k_lossless_too_short.dcm': ['DICOM_TRUNCATED', 'the last fragment is cut'],
  'malformed/invalid_compression.dcm': ['DICOM_CODESTREAM_INVALID', 'twenty bytes of JPEG without a frame'],
  'malformed/no-header_explicit(two-pass).dcm': ['DICOM_INVALID', 'undefined length of pixels that are not compressed'],
  'malformed/no_meta.dcm': ['DICOM_NOT_DICOM', 'begins inside an element'],
  'malformed/no_preamble_dicm_in_data.dcm': ['DICOM_NO_PIXELS', 'no preamble, read as a data set; no pixels'],
  'pixel_formats/HTJ2K_08_RGB.dcm': ['read', 'no reference decoder here knows HTJ2K'],
  'pixel_formats/SC_rgb_small_odd_big_endian.dcm': [
    'read',
    'OW: bytes swapped in pairs, which gives its little endian twin',
  ],
  'pixel_formats/TOSHIBA_J2K_SIZ1_PixRep0.dcm': [
    'read',
    'stored as GDCM has it; as signed as the codestream says where values are given a meaning',
  ],
  'seg_objects/liver_nonbyte_aligned_deflate.dcm': ['read', 'the same as in RLE'],
  'seg_objects/liver_nonbyte_aligned_rle.dcm': ['read', 'the same as deflated'],
};

describe.skipIf(!isCorpusThere)('the 210 real files', () => {
  const rows = isCorpusThere ? corpusRows() : [];
  const outcomes = new Map<string, Outcome>();
  beforeAll(async () => {
    const codecs = await loadCodecs();
    for (const { file } of rows) outcomes.set(file!, readCorpusFile(file!, codecs));
  }, 120_000);

  it('each is read or set aside as the manifest expects, or deviates for a reason that is named', () => {
    expect(rows).toHaveLength(210);
    const verdicts = rows.map((row) => ({ file: row.file!, ...verdictOf(row, outcomes.get(row.file!)!) }));
    const wrong = verdicts.filter(({ isAsExpected, file }) => isAsExpected === file in DEVIATIONS);
    if (process.env.CONSILIUM_LIST) for (const row of rows) console.info(lineOf(row, outcomes.get(row.file!)!));
    console.info(summaryOf(verdicts.map(({ verdict }) => verdict)));
    expect(wrong).toEqual([]);
  });

  it('takes less than ten seconds for any', () => {
    const slow = [...outcomes].filter(([, { ms }]) => ms > 10_000).map(([file]) => file);
    expect(slow).toEqual([]);
  });

  it('lossy pictures are as far from their originals as the references are, to a thousandth', () => {
    const lossy = rows.filter((row) => row.lossy_mae_vs_ref !== '');
    expect(lossy).toHaveLength(11);
    for (const row of lossy) {
      const original = rows.find((r) => r.equivalence_group === row.equivalence_group && r.lossless === '1')!;
      const { meanError, maxError } = errorsBetween(storedOf(row), storedOf(original));
      expect(Math.abs(meanError - Number(row.lossy_mae_vs_ref)), row.file).toBeLessThan(0.001);
      expect(maxError, row.file).toBe(Number(row.lossy_maxabs_vs_ref));
    }
  });

  it('the same picture in other clothes is the same picture', () => {
    const same = [
      ...['rle', 'deflate', 'j2k'].map((name) => `seg_objects/liver_nonbyte_aligned_${name}.dcm`),
      ...['', '_big_endian'].map((name) => `pixel_formats/SC_rgb_small_odd${name}.dcm`),
    ].map((file) => (outcomes.get(file) as Extract<Outcome, { kind: 'read' }>).sha256);
    expect(new Set(same.slice(0, 3)).size).toBe(1);
    expect(same[4]).toBe(same[3]);
  });

  it('a JPEG that ends half way is no picture, though its decoder would fill up the rest', async () => {
    const codecs = await loadCodecs();
    for (const row of rows.filter((r) => /4\.(50|51|70)$/.test(r.transfer_syntax!) && r.category === 'equiv_ct')) {
      const bytes = corpusBytes(row.file!);
      bytes.set([0xff, 0xd9], bytes.length - 20_000); // the end of the image, long before its end
      expect(readCorpusFile(row.file!, codecs, bytes), row.file).toMatchObject({ code: 'DICOM_CODESTREAM_INVALID' });
    }
  });

  it('a JPEG 2000 codestream that ends before its last tile is cut', async () => {
    const codecs = await loadCodecs();
    for (const file of ['nema_wg04/MR1_J2KR.dcm', 'pixel_formats/HTJ2K_08_RGB.dcm']) {
      const bytes = corpusBytes(file);
      const item = bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51])) - 4;
      const cut = Buffer.concat([
        bytes.subarray(0, bytes.length - 5000),
        Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
      ]);
      cut.writeUInt32LE(cut.length - 8 - item - 4, item);
      expect(readCorpusFile(file, codecs, cut), file).toMatchObject({ code: 'DICOM_TRUNCATED' });
    }
  });

  it('every frame that is read can be seen, by a model and by a person', () => {
    for (const [file, outcome] of outcomes) {
      if (outcome.kind !== 'read') continue;
      const { image } = outcome;
      const one = { ...image, stored: image.stored.subarray(0, image.stored.length / image.frames) };
      expect(toGrey(one).length, file).toBe(image.rows * image.columns);
      const { pixels, samples } = toDisplay(one);
      expect(pixels.length, file).toBe(image.rows * image.columns * samples);
    }
  });

  function storedOf(row: Row): StoredValues {
    const outcome = outcomes.get(row.file!)!;
    if (outcome.kind !== 'read') throw new Error(`${row.file} is set aside`);
    return outcome.image.stored;
  }
});

function errorsBetween(a: StoredValues, b: StoredValues): { readonly meanError: number; readonly maxError: number } {
  let sum = 0;
  let maxError = 0;
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i]! - b[i]!);
    sum += error;
    maxError = Math.max(maxError, error);
  }
  return { meanError: sum / a.length, maxError };
}

interface Verdict {
  readonly verdict: string;
  readonly isAsExpected: boolean;
}

function verdictOf(row: Row, outcome: Outcome): Verdict {
  const open = OPEN[row.file!];
  const got = outcome.kind === 'read' ? 'read' : outcome.code;
  if (open !== undefined) return { verdict: `left open: ${got}`, isAsExpected: got === open[0] };
  const expected = row.expected!;
  if (/ decodes|^decodes/.test(expected)) return decoded(row, outcome);
  const isSetAside = outcome.kind === 'set aside';
  if (expected.includes('no pixel data'))
    return { verdict: `no pixels: ${got}`, isAsExpected: got === 'DICOM_NO_PIXELS' };
  const isRefusal = /must fail|must be REFUSED|no pixels to decode/.test(expected);
  return { verdict: `refused: ${got}`, isAsExpected: isRefusal && isSetAside };
}

function decoded(row: Row, outcome: Outcome): Verdict {
  if (outcome.kind !== 'read') return { verdict: `not read: ${outcome.code}`, isAsExpected: false };
  const { frames, rows, columns, samples } = outcome.image;
  const shape = [...(frames > 1 ? [frames] : []), rows, columns, ...(samples > 1 ? [samples] : [])].join('x');
  const isExact = outcome.sha256 === row.raw_pixel_sha256 && shape === row.raw_shape;
  return {
    verdict: `read, ${isExact ? 'bit-exact' : 'other bits'}${row.lossless === '1' ? '' : ' (lossy)'}`,
    isAsExpected: isExact,
  };
}

function lineOf(row: Row, outcome: Outcome): string {
  const { verdict } = verdictOf(row, outcome);
  const why = DEVIATIONS[row.file!] ?? OPEN[row.file!]?.[1] ?? '';
  return [row.file!.padEnd(84), row.expected!.slice(0, 52).padEnd(52), verdict, why].join('  ').trimEnd();
}

function summaryOf(verdicts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const lines = [...counts].toSorted(([, a], [, b]) => b - a).map(([name, n]) => `${String(n).padStart(5)}  ${name}`);
  return [`${verdicts.length} files`, ...lines].join('\n');
}
