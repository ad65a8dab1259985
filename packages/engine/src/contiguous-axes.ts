/** A shape seen as [outer, rows, inner], of which `rows` are added up. */
export interface Middle {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
}

/** The shape as [outer, rows, inner] where the axes (those of size 1 aside) lie side by side; undefined where they do not. */
export function contiguousAxes(shape: readonly number[], axes: readonly number[]): Middle | undefined {
  const size = { outer: 1, rows: 1, inner: 1 };
  let part: keyof Middle = 'outer';
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    if (axes.includes(axis)) {
      if (part === 'inner') return undefined;
      part = 'rows';
    } else if (part === 'rows') part = 'inner';
    size[part] *= length;
  }
  return size;
}
