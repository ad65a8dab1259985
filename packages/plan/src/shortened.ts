import { printable } from '@consilium/errors';

/** Words of a stranger within a sentence of ours: printable, and not too long. */
export function shortened(text: string, maximumCharacters: number): string {
  const start = printable(text.slice(0, maximumCharacters));
  return text.length > maximumCharacters ? `${start}...` : start;
}
