import { dilated, opened } from './morphology.js';

/** A picture as the detector sees it: any numbers; of several samples a pixel, their mean. */
export interface GreyPicture {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major. */
  readonly grey: ArrayLike<number>;
}

/** A line of what looks like letters, in pixels of the picture. */
export interface TextRegion {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
  /** Number of letters found, weighed by how alike they are: 3 is the least that counts. */
  readonly score: number;
}

/** The longest side that is searched; a larger picture is reduced by a whole factor first. */
const SIDE_AT_MOST = 1400;
/** Letters are this high, in searched pixels. */
const HEIGHT_AT_LEAST = 5;
const HEIGHT_AT_MOST = 64;
/** Strokes are thinner than this, in searched pixels. */
const STROKE_AT_MOST = 9;
/**
 * Letters differ from what is around them by `contrast` of the whole range, and in their own brightness by less than
 * `spread`: faint ones must be all alike.
 */
const SEARCHES = [
  { contrast: 0.2, spread: 0.12 },
  { contrast: 0.08, spread: 0.03 },
] as const;
const LETTERS_AT_LEAST = 4;
/** The range of the levels is read from every so many pixels: a prime, so that no column is always left out. */
const SAMPLED_EVERY = 13;
/** At their edges the level falls by this much of their contrast from one pixel to the next; anatomy is smoother. */
const SHARPNESS_AT_LEAST = 0.4;
/** A line is at least this long for each letter: in heights, and in searched pixels. */
const ADVANCE_AT_LEAST = { heights: 0.45, pixels: 3 };

/**
 * Finds lines of rendered text: thin strokes that stand out sharply from their surroundings, in pieces of one height and
 * one brightness, side by side. It reads nothing, and it misses handwriting, slanted lines and fewer than four letters.
 *
 * Shapes   grey is [rows, columns], row-major.
 * Numbers  the range is that from the 0.1st to the 99.9th percentile; bright text on dark and dark on bright are searched.
 */
export function findTextRegions(picture: GreyPicture): TextRegion[] {
  const { grey, rows, columns, factor } = reduced(picture);
  if (rows < 2 * HEIGHT_AT_LEAST || columns < 2 * HEIGHT_AT_LEAST) return [];
  const found = [false, true].flatMap((isDark) => {
    const levels = isDark ? mirrored(grey) : grey;
    const background = opened(levels, rows, columns, STROKE_AT_MOST);
    const strokes = differenceOf(levels, background);
    const strongest = dilated(strokes, rows, columns, STROKE_AT_MOST);
    return SEARCHES.flatMap(({ contrast, spread }) => {
      const isStroke = strokeMask(strokes, strongest, contrast);
      return linesOf(glyphsOf(isStroke, { levels, background, rows, columns }), spread);
    });
  });
  return found.map((line) => ({
    row: line.top * factor,
    column: line.left * factor,
    rows: (line.bottom - line.top + 1) * factor,
    columns: (line.right - line.left + 1) * factor,
    score: line.score,
  }));
}

// Loops instead of map and from: these arrays have a million values, and callbacks take most of the time then.

function mirrored(grey: Float32Array): Float32Array {
  const result = new Float32Array(grey.length);
  for (let i = 0; i < grey.length; i++) result[i] = 1 - grey[i]!;
  return result;
}

function differenceOf(levels: Float32Array, background: Float32Array): Float32Array {
  const result = new Float32Array(levels.length);
  for (let i = 0; i < levels.length; i++) result[i] = levels[i]! - background[i]!;
  return result;
}

/** Where strokes are: strong enough, and half as strong as the strongest beside them, which parts letters that touch. */
function strokeMask(strokes: Float32Array, strongest: Float32Array, contrast: number): Uint8Array {
  const result = new Uint8Array(strokes.length);
  for (let i = 0; i < strokes.length; i++)
    result[i] = strokes[i]! > contrast && strokes[i]! > 0.5 * strongest[i]! ? 1 : 0;
  return result;
}

interface Levels {
  readonly grey: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly factor: number;
}

/** Means over squares of `factor` pixels, from 0 to 1. */
function reduced({ rows, columns, grey }: GreyPicture): Levels {
  const factor = Math.ceil(Math.max(rows, columns) / SIDE_AT_MOST);
  const [height, width] = [Math.floor(rows / factor), Math.floor(columns / factor)];
  const means = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let y = 0; y < factor; y++) {
        const from = (row * factor + y) * columns + column * factor;
        for (let x = 0; x < factor; x++) sum += grey[from + x]!;
      }
      means[row * width + column] = sum;
    }
  }
  const sorted = means.filter((_, i) => i % SAMPLED_EVERY === 0).sort();
  const low = sorted[Math.floor(sorted.length * 0.001)] ?? 0;
  const high = sorted[Math.ceil(sorted.length * 0.999) - 1] ?? 0;
  const range = high - low || 1;
  for (let i = 0; i < means.length; i++) means[i] = Math.min(1, Math.max(0, (means[i]! - low) / range));
  return { grey: means, rows: height, columns: width, factor };
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

interface Glyph extends Box {
  /** The brightest level of the piece. */
  readonly peak: number;
}

/** What is searched: levels from 0 to 1, and what they would be without thin bright strokes. */
interface Scene {
  readonly levels: Float32Array;
  readonly background: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Connected pieces of bright thin strokes that have the size, the fill and the sharp edges of a letter. */
function glyphsOf(isStroke: Uint8Array, scene: Scene): Glyph[] {
  const { rows, columns } = scene;
  const glyphs: Glyph[] = [];
  const pending: number[] = [];
  for (let start = 0; start < isStroke.length; start++) {
    if (isStroke[start] !== 1) continue;
    const piece: number[] = [];
    isStroke[start] = 2;
    pending.push(start);
    while (pending.length > 0) {
      const at = pending.pop()!;
      piece.push(at);
      const row = Math.floor(at / columns);
      const column = at - row * columns;
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          if (isStroke[y * columns + x] !== 1) continue;
          isStroke[y * columns + x] = 2;
          pending.push(y * columns + x);
        }
      }
    }
    const glyph = glyphOf(piece, scene);
    if (glyph !== undefined) glyphs.push(glyph);
  }
  return glyphs;
}

function glyphOf(piece: readonly number[], { levels, background, columns }: Scene): Glyph | undefined {
  let [top, bottom, left, right, peak, contrast] = [Infinity, 0, Infinity, 0, 0, 0];
  for (const at of piece) {
    const row = Math.floor(at / columns);
    const column = at - row * columns;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    left = Math.min(left, column);
    right = Math.max(right, column);
    peak = Math.max(peak, levels[at]!);
    contrast = Math.max(contrast, levels[at]! - background[at]!);
  }
  const [height, width] = [bottom - top + 1, right - left + 1];
  if (height < HEIGHT_AT_LEAST || height > HEIGHT_AT_MOST || width > 2 * height) return undefined;
  const fill = piece.length / (height * width);
  if (fill < 0.15 || (fill > 0.95 && width > height / 2)) return undefined;
  if (medianStep(piece, levels, columns) < SHARPNESS_AT_LEAST * contrast) return undefined;
  const strong = piece.filter((at) => levels[at]! - background[at]! > 0.6 * contrast).length;
  if (strong < 0.5 * piece.length) return undefined;
  return { top, bottom, left, right, peak };
}

/** How far the level jumps from one pixel to the next at the edge of a piece: the median over its rows, left and right. */
function medianStep(piece: readonly number[], levels: Float32Array, columns: number): number {
  const ends = new Map<number, { left: number; right: number }>();
  for (const at of piece) {
    const row = Math.floor(at / columns);
    const end = ends.get(row);
    if (end === undefined) ends.set(row, { left: at, right: at });
    else {
      end.left = Math.min(end.left, at);
      end.right = Math.max(end.right, at);
    }
  }
  const steps = [...ends.values()].flatMap(({ left, right }) => [
    steepest(levels, left, -1),
    steepest(levels, right, 1),
  ]);
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)]!;
}

/** The largest step outwards near an edge, which may lie a pixel further in or out than the threshold says. */
function steepest(levels: Float32Array, edge: number, outwards: number): number {
  let step = 0;
  for (let i = -1; i <= 1; i++) {
    const inner = levels[edge + i * outwards];
    const outer = levels[edge + (i + 1) * outwards];
    if (inner !== undefined && outer !== undefined) step = Math.max(step, inner - outer);
  }
  return step;
}

interface Line extends Box {
  readonly score: number;
}

/** Letters side by side, each near enough and like enough to the one before. */
function linesOf(glyphs: readonly Glyph[], spread: number): Line[] {
  const pending = glyphs.toSorted((a, b) => a.left - b.left);
  const used = new Set<Glyph>();
  const lines: Line[] = [];
  for (const [i, first] of pending.entries()) {
    if (used.has(first)) continue;
    const line = [first];
    for (const next of pending.slice(i + 1)) {
      const last = line.at(-1)!;
      if (next.left - last.right > 1.5 * Math.max(heightOf(last), HEIGHT_AT_LEAST + 3)) break;
      if (!used.has(next) && isNeighbour(last, next, line) && Math.abs(last.peak - next.peak) < spread) line.push(next);
    }
    if (line.length < LETTERS_AT_LEAST || !isLongEnough(line)) continue;
    for (const glyph of line) used.add(glyph);
    lines.push(lineOf(line));
  }
  return lines;
}

function isLongEnough(line: readonly Glyph[]): boolean {
  const { heights, pixels } = ADVANCE_AT_LEAST;
  const advance = Math.max(pixels, heights * Math.max(...line.map(heightOf)));
  return line.at(-1)!.right - line[0]!.left + 1 >= advance * line.length;
}

function heightOf({ top, bottom }: Box): number {
  return bottom - top + 1;
}

function isNeighbour(last: Glyph, next: Glyph, line: readonly Glyph[]): boolean {
  const highest = Math.max(...line.map(heightOf));
  const ratio = heightOf(next) / highest;
  if (ratio > 1.6 || ratio < 0.55) return false;
  if (next.left <= last.left || next.left - last.right < -1) return false;
  const overlap = Math.min(last.bottom, next.bottom) - Math.max(last.top, next.top) + 1;
  if (overlap < 0.6 * Math.min(heightOf(last), heightOf(next))) return false;
  const isOnLine = Math.min(Math.abs(last.bottom - next.bottom), Math.abs(last.top - next.top)) <= 0.15 * highest + 0.5;
  return isOnLine;
}

function lineOf(line: readonly Glyph[]): Line {
  return {
    top: Math.min(...line.map(({ top }) => top)),
    bottom: Math.max(...line.map(({ bottom }) => bottom)),
    left: Math.min(...line.map(({ left }) => left)),
    right: Math.max(...line.map(({ right }) => right)),
    score: line.length,
  };
}
