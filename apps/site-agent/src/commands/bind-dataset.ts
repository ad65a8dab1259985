import { ConsiliumError } from '@consilium/errors';
import { lookingAt, type Place, requireDataset, requireName } from './dataset-place.js';
import { writeLine } from './print.js';

/**
 * From now on a plan that calls for `logical` gets the dataset `name`: the version that it has when an invitation is
 * answered. Runs that this site has accepted before keep theirs.
 *
 * Errors   REQUEST_INVALID, DATASET_NOT_FOUND.
 */
export async function bindDataset(logical: string, name: string, { dir, json }: Place): Promise<void> {
  requireName(logical);
  return lookingAt(dir, (state) => {
    const { version } = requireDataset(state, name);
    state.bindings.bind(logical, name);
    if (json) writeLine(JSON.stringify({ logical, dataset: name, version }));
    else writeLine(`a plan that calls for ${logical} gets dataset ${name}, now version ${version.slice(0, 12)}`);
  });
}

/** Errors  DATASET_NOT_FOUND when nothing is bound to that. */
export async function unbindDataset(logical: string, { dir, json }: Place): Promise<void> {
  return lookingAt(dir, (state) => {
    if (!state.bindings.unbind(logical)) throw new ConsiliumError('DATASET_NOT_FOUND', { binding: logical });
    const meant = state.datasets.find(logical)?.name ?? null;
    if (json) writeLine(JSON.stringify({ logical, dataset: meant }));
    else
      writeLine(
        `${logical} is bound to nothing; ${meant ? 'it means the dataset of that name' : 'plans that call for it are declined'}`,
      );
  });
}
