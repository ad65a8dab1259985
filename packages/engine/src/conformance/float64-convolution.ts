type Sizes = readonly [images: number, height: number, width: number, channels: number, filters: number];

/** A 3x3 'same' convolution by its definition, in float64: y, the gradient of x and the gradient of the filter. */
export function convolveInFloat64(
  [n, h, w, c, k]: Sizes,
  x: Float32Array,
  filter: Float32Array,
  dy: Float32Array,
  dilation = 1,
): [Float64Array, Float64Array, Float64Array] {
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  forEachTap(n, h, w, dilation, (outPixel, inPixel, tap) => {
    for (let i = 0; i < c; i++) {
      const [at, row] = [inPixel * c + i, (tap * c + i) * k];
      const value = x[at]!;
      let sum = 0;
      for (let j = 0; j < k; j++) {
        const g = dy[outPixel * k + j]!;
        y[outPixel * k + j]! += value * filter[row + j]!;
        sum += g * filter[row + j]!;
        dFilter[row + j]! += g * value;
      }
      dx[at]! += sum;
    }
  });
  return [y, dx, dFilter];
}

/** Visits every output pixel with every tap whose input pixel lies inside the image. */
function forEachTap(
  n: number,
  h: number,
  w: number,
  dilation: number,
  visit: (outPixel: number, inPixel: number, tap: number) => void,
) {
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const [row, column] = [Math.floor(pixel / w) % h, pixel % w];
    for (let tap = 0; tap < 9; tap++) {
      const [down, right] = [(Math.floor(tap / 3) - 1) * dilation, ((tap % 3) - 1) * dilation];
      const isInside = row + down >= 0 && row + down < h && column + right >= 0 && column + right < w;
      if (isInside) visit(pixel, pixel + down * w + right, tap);
    }
  }
}
