import { buildModel, modelPorts } from '@consilium/models';
import { requireManifestFits } from '@consilium/tensors';
import type { Assignment, OpenedDataset } from '../stages.js';
import { fetchModel } from './fetch-model.js';
import type { Work } from './work-context.js';

/**
 * Brings the model of the assignment here and opens the training examples as its plan wants them. DICOM is not read: the
 * pixels were stored when the dataset was prepared, and the preprocessed ones in the first round.
 *
 * Errors   UPDATE_LAYOUT_MISMATCH (another model than the plan's), DATASET_NOT_FOUND, DATASET_CORRUPT, and those of fetching.
 */
export function openWith(work: Work) {
  return async (a: Assignment, signal: AbortSignal): Promise<OpenedDataset> => {
    work.progress.report({ stage: 'fetching', bytesDone: 0, bytesTotal: a.model.bytes });
    requireManifestFits(a.model, buildModel(a.plan.model, modelPorts(a.plan)).layout);
    work.state.heldModels.use(a.runId, a.modelDigest, a.model);
    await fetchModel(work, { digest: a.modelDigest, manifest: a.model }, signal);
    const examples = await work.tensors.open(a.datasetVersion, a.plan, 'train', signal);
    return { examples, basePaths: work.weights.paths(a.model) } as unknown as OpenedDataset;
  };
}
