import type { Plan } from '@consilium/plan';
import { scaleIntensity } from './intensity.js';
import { resize, resizeMask, type Size } from './resize.js';

export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
  readonly mask: Uint8Array | undefined;
}

export interface PreparedPicture {
  /** [height, width] of the plan. */
  readonly image: Float32Array;
  readonly mask: Uint8Array | undefined;
}

/** Grey values are scaled over the whole picture first, then resized; what `pad` adds is zero, in picture and mask. */
export function preprocess(picture: Picture, how: Plan['preprocessing']): PreparedPicture {
  const from: Size = { height: picture.rows, width: picture.columns };
  const scaled = scaleIntensity(picture.grey, how.intensity);
  const inner = how.fit === 'stretch' ? how : fitInside(from, how);
  const image = centred(resize(scaled, from, inner), inner, how, new Float32Array(how.height * how.width));
  const mask =
    picture.mask && centred(resizeMask(picture.mask, from, inner), inner, how, new Uint8Array(how.height * how.width));
  return { image, mask };
}

/** The largest size of the picture's own ratio that fits; at least one pixel each way. */
function fitInside(from: Size, frame: Size): Size {
  const scale = Math.min(frame.height / from.height, frame.width / from.width);
  const side = (length: number, limit: number) => Math.min(Math.max(Math.round(length * scale), 1), limit);
  return { height: side(from.height, frame.height), width: side(from.width, frame.width) };
}

function centred<T extends Float32Array | Uint8Array>(picture: T, size: Size, frame: Size, into: T): T {
  const top = Math.floor((frame.height - size.height) / 2);
  const left = Math.floor((frame.width - size.width) / 2);
  for (let y = 0; y < size.height; y++)
    into.set(picture.subarray(y * size.width, (y + 1) * size.width), (top + y) * frame.width + left);
  return into;
}
