import type { PreparationStages } from '../stages.js';
import { assembleWith } from './assemble.js';
import type { DatasetStore } from './dataset-store.js';
import { deidentifyWith } from './deidentify.js';
import { ingest } from './ingest.js';

export function preparationStages(store: DatasetStore, pseudonymKey: Uint8Array): PreparationStages {
  return { ingest, deidentify: deidentifyWith(pseudonymKey), assemble: assembleWith(store, pseudonymKey) };
}
