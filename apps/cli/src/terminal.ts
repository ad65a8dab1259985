import { jsonLines, printable } from '@consilium/errors';

/** The one way out to a terminal. Each line is made printable here, so that no text of strangers acts, and none makes a line of its own. */
type Lines = string | readonly string[];

/** On standard output: what was asked for. */
export function print(lines: Lines): void {
  process.stdout.write(textOf(lines));
}

/** On standard error: what is going on, and what went wrong. */
export function say(lines: Lines): void {
  process.stderr.write(textOf(lines));
}

export function printJson(value: unknown): void {
  print(jsonLines(value));
}

function textOf(lines: Lines): string {
  return (typeof lines === 'string' ? [lines] : lines).map((line) => `${printable(line)}\n`).join('');
}

/** How the command line says what it has to say: texts of several lines, all of them its own. */
export const COMMAND_OUTPUT = {
  writeOut: (text: string) => print(ownLines(text)),
  writeErr: (text: string) => say(ownLines(text)),
};

/** The lines of a text that has no line from outside. */
export function ownLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** Rows as columns, the first left-aligned, numbers right-aligned; a rule below the head. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(printable));
  const widths = head.map((word, column) => Math.max(word.length, ...shown.map((row) => (row[column] ?? '').length)));
  const rightAligned = head.map(
    (_, column) => column > 0 && shown.every((row) => /^[-\d.,% ]*$/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return rightAligned[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...shown.map(line)];
}

/** Whether standard error is a terminal, where lines can be drawn again. */
export function isTerminal(): boolean {
  return process.stderr.isTTY === true;
}

/** The same few lines of a terminal, drawn again and again in place, each cut to its width. */
export class Drawing {
  #height = 0;

  draw(lines: readonly string[]): void {
    const { columns = 80, rows = 40 } = process.stderr;
    const width = Math.max(40, columns) - 1;
    const shown = lines.slice(0, Math.max(10, rows - 2)).map((line) => [...printable(line)].slice(0, width).join(''));
    const up = this.#height > 0 ? `\u001b[${this.#height}A` : '';
    process.stderr.write(`${up}${shown.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
    this.#height = shown.length;
  }

  /** What was drawn stays. */
  leave(): void {
    this.#height = 0;
  }

  /** What was drawn is gone. */
  clear(): void {
    if (this.#height > 0) process.stderr.write(`\u001b[${this.#height}A\u001b[0J`);
    this.#height = 0;
  }
}

/** Whoever reads us may stop reading, say `head`, or a terminal that is closed: that ends nothing. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
