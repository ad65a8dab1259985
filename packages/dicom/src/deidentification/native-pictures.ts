import type { DicomElements } from '../parsing/read-elements.js';
import { textAt } from './element-text.js';
import { unsigned16 } from './overlays.js';
import type { GreyPicture } from './text-detector.js';

const PIXEL_DATA = 0x7fe00010;
const PIXELS_AT_MOST = 2 ** 26;
const FRAMES_AT_MOST = 8;

/**
 * Uncompressed pixels as the text detector wants them, of multi-frame objects the first frames; undefined if they are
 * compressed, missing, or of another form than 8 or 16 bits allocated. For looking only: no rescale, no sign, no window.
 */
export function nativePictures(elements: DicomElements): GreyPicture[] | undefined {
  const at = (tag: number) => unsigned16(elements.find((element) => element.tag === tag));
  const pixels = elements.find(({ tag }) => tag === PIXEL_DATA);
  const [samples, rows, columns, bits] = [at(0x00280002) || 1, at(0x00280010), at(0x00280011), at(0x00280100)];
  const size = rows * columns;
  if (pixels?.kind !== 'value' || size === 0 || size > PIXELS_AT_MOST || (bits !== 8 && bits !== 16)) return undefined;
  const bytesEach = bits / 8;
  const frames = Math.floor(pixels.value.length / (size * samples * bytesEach));
  const stated = Number(textAt(elements, 0x00280008)) || 1;
  if (frames < 1) return undefined;
  const isPlanar = at(0x00280006) === 1;
  const strides = isPlanar ? { pixel: 1, sample: size } : { pixel: samples, sample: 1 };
  return Array.from({ length: Math.min(frames, stated, FRAMES_AT_MOST) }, (_, frame) => {
    const grey = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      for (let sample = 0; sample < samples; sample++) {
        const index = (frame * size * samples + i * strides.pixel + sample * strides.sample) * bytesEach;
        grey[i]! += pixels.value[index]! + (bytesEach === 2 ? pixels.value[index + 1]! * 256 : 0);
      }
    }
    return { rows, columns, grey };
  });
}
