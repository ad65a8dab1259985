export interface Section {
  readonly title: string;
  readonly paragraphs: readonly string[];
}

const COLUMNS = 90;
const INDENT = '  ';

/** A heading, then sections with indented paragraphs, wrapped at 90 columns. A word longer than a line is broken. */
export function layOut(heading: string, sections: readonly Section[]): string {
  const blocks = sections.map(({ title, paragraphs }) =>
    [title, ...paragraphs.flatMap((p) => wrap(p, COLUMNS - INDENT.length)).map((line) => INDENT + line)].join('\n'),
  );
  return `${[wrap(heading, COLUMNS).join('\n'), ...blocks].join('\n\n')}\n`;
}

function wrap(paragraph: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/\s+/).flatMap((w) => pieces(w, columns))) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

function pieces(word: string, columns: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < word.length; at += columns) parts.push(word.slice(at, at + columns));
  return parts;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
