const LONGEST_PADDED = 12;

/** Ids that differ from one in what spreadsheets and hands change: case, blanks, leading zeros. Not the id itself. */
export function nearIds(id: string): string[] {
  const bare = id.replace(/\s+/g, '');
  const digits = bare.replace(/^0+(?=\d)/, '');
  const texts = [bare, digits];
  if (/^\d+$/.test(digits))
    for (let length = digits.length + 1; length <= LONGEST_PADDED; length++) texts.push(digits.padStart(length, '0'));
  const near = new Set(texts.flatMap((text) => [text, text.toUpperCase(), text.toLowerCase()]));
  near.delete(id);
  return [...near];
}
