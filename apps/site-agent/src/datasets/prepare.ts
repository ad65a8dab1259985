import type { PreparationStages } from '../stages.js';
import { assembleWith } from './assemble.js';
import type { DatasetStore } from './dataset-store.js';
import { deidentifyWith } from './deidentify.js';
import { ingest } from './ingest.js';
import type { Shares } from './split.js';

/** The stages of preparing a dataset; without shares the usual ones hold. */
export function preparationStages(store: DatasetStore, pseudonymKey: Uint8Array, shares?: Shares): PreparationStages {
  return { ingest, deidentify: deidentifyWith(pseudonymKey), assemble: assembleWith(store, pseudonymKey, shares) };
}
