/** Nearly Gaussian blur: three running means, which cost the same for every width; the edge repeats. */
export function blurred(values: Float32Array, rows: number, columns: number, sigma: number): Float32Array {
  if (sigma < 0.3) return values;
  let result = values;
  for (const width of boxWidths(sigma)) {
    result = meanAlong(result, rows, columns, columns, 1, width);
    result = meanAlong(result, columns, rows, 1, columns, width);
  }
  return result;
}

/** Three widths whose boxes together have the variance sigma^2; a width may be a fraction. */
function boxWidths(sigma: number): number[] {
  return new Array(3).fill(Math.sqrt(4 * sigma * sigma + 1));
}

/** Mean over a window of `width` pixels, of which the two at its ends count in part. */
function meanAlong(
  from: Float32Array,
  lines: number,
  length: number,
  across: number,
  along: number,
  width: number,
): Float32Array {
  const to = new Float32Array(from.length);
  const whole = Math.floor((width - 1) / 2);
  const part = (width - 1) / 2 - whole;
  for (let line = 0; line < lines; line++) {
    const at = (position: number) => from[line * across + Math.min(length - 1, Math.max(0, position)) * along]!;
    let sum = 0;
    for (let k = -whole; k <= whole; k++) sum += at(k);
    for (let position = 0; position < length; position++) {
      const ends = part * (at(position - whole - 1) + at(position + whole + 1));
      to[line * across + position * along] = (sum + ends) / width;
      sum += at(position + whole + 1) - at(position - whole);
    }
  }
  return to;
}
