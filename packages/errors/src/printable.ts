/**
 * What a terminal, a log or a page obeys or hides instead of showing it: control characters (C0, DEL, C1), separators of lines, marks that
 * turn the direction of text, marks without width, tags, halves of characters. The two joiners stay: words of some scripts need them.
 */
const ACTED_ON =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text of strangers as one line that shows what it is and does nothing: whatever would act is written as JSON writes it, so that JSON
 * keeps its meaning. Twice does no more than once.
 */
export function printable(text: string): string {
  return text.replace(ACTED_ON, escaped);
}

function escaped(character: string): string {
  const units = character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return SHORT[character] ?? units.join('');
}

/** A value as indented JSON, printable, line by line. */
export function jsonLines(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split('\n').map(printable);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as part of a page, between tags or in a quoted attribute. */
export function htmlText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
