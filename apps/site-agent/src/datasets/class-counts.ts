/** Fewer than this many films are a handful: too few to learn or to test a class by. */
const HANDFUL = 5;
/** A handful beside a class of so many is rather a slip of the pen than a class. */
const MANY = 20;
/** Letters by which a name may differ from another and still be a slip for it. */
const SLIP_LETTERS = 2;

/** A class that is likely no class. */
export interface LikelySlip {
  readonly name: string;
  readonly films: number;
  /** The class that was likely meant. */
  readonly meant?: string;
}

/**
 * Classes that are likely slips: those of a handful of films whose name is that of a larger class but for case, accents or
 * two letters, and those of a handful beside a class of many films.
 */
export function likelySlips(counts: Readonly<Record<string, number>>): LikelySlip[] {
  const classes = Object.entries(counts);
  const most = Math.max(0, ...classes.map(([, films]) => films));
  return classes.flatMap(([name, films]) => {
    const meant = classes
      .filter(([other, more]) => other !== name && more > films && isNear(name, other))
      .sort(([, a], [, b]) => b - a)[0]?.[0];
    if (meant !== undefined && (films < HANDFUL || plain(meant) === plain(name))) return { name, films, meant };
    return films < HANDFUL && most >= MANY ? { name, films } : [];
  });
}

function isNear(a: string, b: string): boolean {
  if (plain(a) === plain(b)) return true;
  // Two letters are nearly all of a short name.
  return Math.min(a.length, b.length) > 2 * SLIP_LETTERS && distance(plain(a), plain(b)) <= SLIP_LETTERS;
}

function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\p{M}\s_-]/gu, '')
    .toLowerCase();
}

/** Levenshtein's: letters that are put in, left out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
