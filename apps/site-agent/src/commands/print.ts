/** Control characters but tab and line feed, and marks that turn the direction of text: a terminal would act on them. */
const ACTED_ON = /(?![\t\n])\p{Cc}|[\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]/gu;

/**
 * What a command prints, as against what an agent logs. Whatever still holds what a terminal acts on shows it as an escape;
 * JSON, where it stands in texts only, keeps its meaning.
 */
export function writeLine(text: string): void {
  process.stdout.write(`${text.replace(ACTED_ON, escaped)}\n`);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Rows of cells in columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
