import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS, type Part } from '../datasets/image.js';

export function examplesOf(index: DatasetIndex, plan: Plan, part: Part): IndexExample[] {
  return index.examples.filter((example) => example.part === part && hasWhatIsAsked(example, plan));
}

function hasWhatIsAsked(example: IndexExample, plan: Plan): boolean {
  return plan.task.kind === 'segmentation' ? example.mask !== null : example.label !== null;
}

/**
 * Checks that a dataset can serve a plan; answers the number of training examples.
 *
 * Errors   DATASET_UNSUITABLE, its detail saying what is missing.
 */
export function requireSuitable(index: DatasetIndex, plan: Plan): number {
  const other = index.examples.find((example) => example.modality !== plan.data.modality);
  if (other) throw unsuitable({ problem: 'modality', asked: plan.data.modality, found: other.modality || 'none' });
  if (plan.task.kind === 'classification') requireClasses(index, plan.task.classes);
  const counts = PARTS.map((part) => examplesOf(index, plan, part).length);
  const empty = PARTS.find((_, i) => counts[i] === 0);
  const wanted = plan.task.kind === 'segmentation' ? 'masks' : 'labels';
  if (empty) throw unsuitable({ problem: `no ${wanted} in the part ${empty}` });
  const [training = 0] = counts;
  const { minimumTrainingExamples } = plan.data;
  if (training < minimumTrainingExamples)
    throw unsuitable({ problem: 'too few training examples', asked: minimumTrainingExamples });
  return training;
}

/** A label that the plan does not know would be silently left out; so the site declines. */
function requireClasses(index: DatasetIndex, classes: readonly string[]): void {
  const unknown = index.examples.some(({ label }) => label !== null && !classes.includes(label));
  if (unknown) throw unsuitable({ problem: 'labels that are no class of the plan' });
}

function unsuitable(detail: Record<string, string | number>): ConsiliumError {
  return new ConsiliumError('DATASET_UNSUITABLE', detail);
}
