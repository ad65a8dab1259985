/** What JSON leaves as it is and a terminal obeys: the C1 control characters, and marks that turn the direction of text. */
const UNSAFE = /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text from a file or a folder may hold anything: control characters never reach a terminal, quotes stay readable. */
export function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replace(UNSAFE, '?');
}

/** JSON of the same value, in which nothing is left that a terminal would obey. */
export function printableJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, 2).replace(UNSAFE, escaped);
}
