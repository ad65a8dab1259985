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

function ownLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** Rows of cells as lines, in columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(printable));
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  return shown.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Where progress is shown: a terminal's line is written over, anything else gets lines that stay. */
export class ProgressScreen {
  constructor(private readonly stream: { readonly isTTY?: boolean; write(text: string): unknown }) {}

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  /** A line that stays. */
  say(line: string): void {
    this.stream.write(textOf(line));
  }

  /** In the place of the line that was written over last. */
  rewrite(line: string): void {
    this.stream.write(`\r\u001b[2K${printable(line)}`);
  }

  /** The line is empty and free again. */
  clear(): void {
    this.stream.write('\r\u001b[2K');
  }

  /** What was written over last stays; what follows begins on a line of its own. */
  leave(): void {
    this.stream.write('\n');
  }
}

export const SCREEN = new ProgressScreen(process.stderr);
export const NO_SCREEN = new ProgressScreen({ write: () => {} });

/** Whether what is printed and what is said may land between one another's lines. */
export function isOutputTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Whoever reads along may leave, as `head` does: then there is nobody to show anything to. */
export async function whileSomebodyReads(stop: () => void, show: () => Promise<void>): Promise<void> {
  let isReaderGone = false;
  const onOutputError = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isReaderGone = true;
    stop();
  };
  process.stdout.on('error', onOutputError);
  try {
    await show();
  } catch (error) {
    if (!isReaderGone) throw error;
  } finally {
    // The error of the last line may come after this: it finds its listener as long as the output was not left whole.
    if (process.stdout.writableLength === 0) process.stdout.off('error', onOutputError);
  }
}
