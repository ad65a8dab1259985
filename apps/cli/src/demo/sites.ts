import { createHash } from 'node:crypto';

/** A hospital of the demo: one with phantoms of the n-th profile, or one with the real films of a site of the manifest. */
export type DemoSite =
  | { readonly id: string; readonly kind: 'phantom'; readonly profile: number }
  | { readonly id: string; readonly kind: 'films' };

const NAMES = [
  'alder',
  'ash',
  'beech',
  'birch',
  'cedar',
  'chestnut',
  'elm',
  'fir',
  'hazel',
  'larch',
  'linden',
  'maple',
  'oak',
  'pine',
  'rowan',
  'willow',
];

export const MOST_SITES = NAMES.length;

/** The phantom hospitals of a seed; fewer of them are the first of more. */
export function phantomSites(count: number, seed: number): DemoSite[] {
  const shuffled = NAMES.map((name) => ({ name, order: derived(seed, 'site name', name) })).sort((a, b) =>
    a.order < b.order ? -1 : 1,
  );
  return shuffled.slice(0, count).map(({ name }, profile) => ({ id: name, kind: 'phantom', profile }));
}

/** The key of a site's pseudonyms and of its split by patient. A real site makes its own at random. */
export function pseudonymKey(seed: number, siteId: string): string {
  return derived(seed, 'pseudonym key', siteId);
}

function derived(seed: number, purpose: string, name: string): string {
  return createHash('sha256').update(`consilium demo\n${seed}\n${purpose}\n${name}`).digest('hex');
}
