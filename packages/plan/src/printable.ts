/** Text of a stranger, fit for a terminal and a log line: no control characters, no turned direction, not too long. */
export function printable(text: string, maximumCharacters: number): string {
  const plain = text.slice(0, maximumCharacters).replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
  return text.length > maximumCharacters ? `${plain}...` : plain;
}
