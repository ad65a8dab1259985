import { ConsiliumError } from '@consilium/errors';
import type { SiteFolder } from '../platform/site-folder.js';
import { print } from '../platform/terminal.js';
import type { SiteState } from '../state/site-state.js';
import { lookingAt, requireDataset, requireName } from './dataset-place.js';
import {
  afterWithdrawal,
  makeWay,
  type RunUse,
  runsUnderWay,
  type WithdrawOptions,
  withdrawalText,
} from './runs-in-the-way.js';

/**
 * From now on a plan that calls for `logical` gets the dataset `name`: the version that it has when an invitation is answered.
 * While runs under way were promised another dataset by that name, that is refused, or the site leaves them.
 *
 * Errors   REQUEST_INVALID, DATASET_NOT_FOUND, DATASET_IN_USE.
 */
export async function bindDataset(logical: string, name: string, options: WithdrawOptions): Promise<void> {
  requireName(logical);
  return lookingAt(options.dir, async (state, folder) => {
    const { version } = requireDataset(state, name);
    const left = state.transaction(() => {
      const uses = madeFor(state, logical, name, options);
      state.bindings.bind(logical, name);
      state.acts.add('dataset.bind', logical, { dataset: name, version, left: uses.map(({ runId }) => runId) });
      return uses;
    });
    const said = `a plan that calls for ${logical} gets dataset ${name}, now version ${version.slice(0, 12)}`;
    await tell({ logical, dataset: name, version }, said, left, state, folder, options);
  });
}

/** Errors  DATASET_NOT_FOUND when nothing is bound to that; DATASET_IN_USE. */
export async function unbindDataset(logical: string, options: WithdrawOptions): Promise<void> {
  return lookingAt(options.dir, async (state, folder) => {
    const meant = state.datasets.find(logical)?.name ?? null;
    const left = state.transaction(() => {
      if (!state.bindings.unbind(logical)) throw new ConsiliumError('DATASET_NOT_FOUND', { binding: logical });
      const uses = madeFor(state, logical, meant, options);
      state.acts.add('dataset.unbind', logical, { dataset: meant, left: uses.map(({ runId }) => runId) });
      return uses;
    });
    const said = meant ? 'it means the dataset of that name' : 'plans that call for it are declined';
    await tell({ logical, dataset: meant }, `${logical} is bound to nothing; ${said}`, left, state, folder, options);
  });
}

/** The runs that had another dataset by that name, which the site has left for this. */
function madeFor(state: SiteState, logical: string, name: string | null, options: WithdrawOptions): RunUse[] {
  const uses = runsUnderWay(state).filter((use) => use.logical === logical && use.dataset !== name);
  makeWay(state, uses, 'dataset-bound-anew', options);
  return uses;
}

async function tell(
  facts: object,
  said: string,
  left: readonly RunUse[],
  state: SiteState,
  folder: SiteFolder,
  { json }: WithdrawOptions,
): Promise<void> {
  const withdrawal = await afterWithdrawal(folder, state, left);
  if (json) print(JSON.stringify({ ...facts, left: withdrawal.told }));
  else print([said, ...withdrawalText(left, withdrawal)]);
}
