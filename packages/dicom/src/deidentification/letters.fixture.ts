/** Letters of 5 x 7 dots, drawn for these tests; rows from the top, one bit a dot. */
const LETTERS: Readonly<Record<string, string>> = {
  A: '0e11111f111111',
  D: '1e11111111111e',
  E: '1f10101e10101f',
  H: '1111111f111111',
  J: '0702020202120c',
  L: '1010101010101f',
  M: '111b1515111111',
  N: '11191513111111',
  O: '0e11111111110e',
  R: '1e11111e141211',
  S: '0f10100e01011e',
  T: '1f040404040404',
  Y: '11110a04040404',
  '1': '040c040404040e',
  '2': '0e11010204081f',
  '4': '02060a121f0202',
  '7': '1f010204080808',
  '8': '0e11110e11110e',
  '9': '0e11110f01020c',
};

export interface Canvas {
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
}

/** Writes a text into a picture: dots of `scale` pixels, their edges half covered as a renderer leaves them. */
export function drawText(
  canvas: Canvas,
  text: string,
  at: { row: number; column: number },
  level: number,
  scale: number,
) {
  [...text].forEach((letter, i) => {
    const rows = LETTERS[letter];
    if (rows === undefined) return;
    for (let y = 0; y < 7; y++) {
      const bits = Number.parseInt(rows.slice(2 * y, 2 * y + 2), 16);
      for (let x = 0; x < 5; x++) {
        if (((bits >>> (4 - x)) & 1) === 1)
          drawDot(canvas, at.row + y * scale, at.column + (i * 6 + x) * scale, level, scale);
      }
    }
  });
}

function drawDot({ rows, columns, grey }: Canvas, row: number, column: number, level: number, scale: number) {
  for (let y = row; y < row + scale; y++) {
    for (let x = column; x < column + scale; x++) {
      if (y >= 0 && y < rows && x >= 0 && x < columns) grey[y * columns + x] = level;
    }
    const after = column + scale;
    const i = y * columns + after;
    if (y >= 0 && y < rows && after < columns && grey[i] !== level) grey[i] = 0.7 * grey[i]! + 0.3 * level;
  }
}
