import type { PreparationStages } from '../stages.js';
import { type AssembleTools, assembleWith } from './assemble.js';
import { deidentifyWith } from './deidentify.js';
import type { IngestTools } from './folder-reading.js';
import { ingestWith } from './ingest.js';
import type { LinkKeeper } from './link-keeper.js';

export type PreparationTools = Omit<IngestTools, 'blobs'> &
  AssembleTools & {
    /** Undefined where nothing will have to go back. */
    readonly links?: LinkKeeper | undefined;
  };

/** The stages of preparing a dataset; without shares the usual ones hold. */
export function preparationStages(tools: PreparationTools): PreparationStages {
  return {
    ingest: ingestWith({ ...tools, blobs: tools.store.blobs }),
    deidentify: deidentifyWith(tools.key, tools.links),
    assemble: assembleWith(tools),
  };
}
