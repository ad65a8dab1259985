import type { MadeBy } from '../state/dataset-registry.js';

const TEXTS: Readonly<Record<MadeBy, string>> = {
  add: 'a folder was read',
  more: 'a further folder was read',
  exclude: 'patients were left out',
};

export function madeByText(madeBy: MadeBy): string {
  return TEXTS[madeBy];
}
