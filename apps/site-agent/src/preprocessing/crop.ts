import type { Size } from './resize.js';

/** A part of a picture, in pixels; `top` and `left` are negative where it begins outside. */
export interface Box extends Size {
  readonly top: number;
  readonly left: number;
}

/**
 * Cuts a box out of a picture or a mask.
 *
 * Shapes   [from.height, from.width] -> [box.height, box.width], row-major.
 * Numbers  what of the box lies outside the picture is zero.
 */
export function cropTo<T extends Float32Array | Uint8Array>(picture: T, from: Size, box: Box): T {
  const pixels = box.height * box.width;
  const cut = (picture instanceof Float32Array ? new Float32Array(pixels) : new Uint8Array(pixels)) as T;
  const left = Math.max(box.left, 0);
  const right = Math.min(box.left + box.width, from.width);
  const bottom = Math.min(box.top + box.height, from.height);
  if (left < right)
    for (let y = Math.max(box.top, 0); y < bottom; y++)
      cut.set(
        picture.subarray(y * from.width + left, y * from.width + right),
        (y - box.top) * box.width + left - box.left,
      );
  return cut;
}

/** A box of a size around the centre of a picture. Where it cannot lie even, it lies half a pixel towards the top and the left. */
export function centredBox(from: Size, size: Size): Box {
  // Rounded towards zero, so that cutting a frame undoes padding to it.
  const top = Math.trunc((from.height - size.height) / 2);
  const left = Math.trunc((from.width - size.width) / 2);
  return { ...size, top, left };
}
