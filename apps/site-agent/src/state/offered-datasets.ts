import type { RegisteredDataset } from './dataset-registry.js';
import type { SiteState } from './site-state.js';

/**
 * The datasets of this site by the names that plans may call them: each by its own, unless that is bound to another one, and
 * each bound one by what it is bound to.
 */
export function offeredDatasets({ datasets, bindings }: Pick<SiteState, 'datasets' | 'bindings'>): RegisteredDataset[] {
  const bound = bindings.list();
  const logical = new Set([...datasets.list().map(({ name }) => name), ...bound.map((binding) => binding.logical)]);
  return [...logical].flatMap((name) => {
    const meant = datasets.find(bindings.resolve(name));
    return meant ? [{ ...meant, name }] : [];
  });
}
