const JPEG_START = 0xffd8;
const JPEG_SCAN = 0xda;
const JPEG_COMMENT = 0xfe;
const J2K_START = 0xff4f;
const J2K_TILE = 0xff90;
const J2K_COMMENT = 0xff64;

/** JFIF, SPIFF and colour transforms, and Adobe's: what a decoder needs of the application segments. */
const NEEDED_APPLICATION_SEGMENTS: ReadonlySet<number> = new Set([0xe0, 0xe8, 0xee]);

/**
 * A compressed picture without its comments: those of JPEG, JPEG-LS and JPEG 2000 and the application segments of JPEG
 * (Exif, XMP) are overwritten in place, so that no offset changes. The same bytes come back if there are none.
 *
 * Source   ITU-T T.81 annex B, ITU-T T.87 annex C, ITU-T T.800 annex A.
 */
export function withoutComments(fragment: Uint8Array): Uint8Array {
  const start = fragment.length < 4 ? 0 : (fragment[0]! << 8) | fragment[1]!;
  const found = start === JPEG_START ? jpegComments(fragment) : start === J2K_START ? jpeg2000Comments(fragment) : [];
  if (found.length === 0) return fragment;
  const clean = Uint8Array.from(fragment);
  for (const { from, to } of found) clean.fill(0x20, from, to);
  return clean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function jpegComments(bytes: Uint8Array): Range[] {
  return segments(bytes, (marker) => (marker & 0xff) === JPEG_SCAN)
    .filter(({ marker }) => {
      const code = marker & 0xff;
      return code === JPEG_COMMENT || (code >= 0xe0 && code <= 0xef && !NEEDED_APPLICATION_SEGMENTS.has(code));
    })
    .map(({ from, to }) => ({ from, to }));
}

/** The first two bytes of a comment say how it is written; they stay. */
function jpeg2000Comments(bytes: Uint8Array): Range[] {
  return segments(bytes, (marker) => marker === J2K_TILE)
    .filter(({ marker }) => marker === J2K_COMMENT)
    .map(({ from, to }) => ({ from: Math.min(from + 2, to), to }));
}

/** The marker segments of the main header: after the first marker, up to where the coded data begins. */
function segments(bytes: Uint8Array, isEnd: (marker: number) => boolean): (Range & { readonly marker: number })[] {
  const found: (Range & { marker: number })[] = [];
  for (let i = 2; i + 4 <= bytes.length; ) {
    const marker = (bytes[i]! << 8) | bytes[i + 1]!;
    const length = (bytes[i + 2]! << 8) | bytes[i + 3]!;
    if (bytes[i] !== 0xff || isEnd(marker) || length < 2 || i + 2 + length > bytes.length) break;
    found.push({ marker, from: i + 4, to: i + 2 + length });
    i += 2 + length;
  }
  return found;
}
