import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS, type Part } from '../datasets/image.js';
import { SMALLEST_SHOWN_CELL } from '../datasets/small-cells.js';
import { needsSpacing, requireModestSize } from './resample.js';

export function examplesOf(index: DatasetIndex, plan: Plan, part: Part): IndexExample[] {
  return index.examples.filter(
    (example) => example.part === part && hasWhatIsAsked(example, plan) && isSelected(example, plan.data.select),
  );
}

function isSelected(example: IndexExample, select: Plan['data']['select']): boolean {
  if (select === undefined) return true;
  const { bodyParts, viewPositions, sexes, ageFrom, ageBelow } = select;
  if (bodyParts && !bodyParts.includes(example.bodyPart)) return false;
  if (viewPositions && !viewPositions.includes(example.viewPosition)) return false;
  if (sexes && !sexes.some((sex) => sex === example.sex)) return false;
  if (ageFrom === undefined && ageBelow === undefined) return true;
  // A band begins with its first year, the last one is 90+.
  const years = Number.parseInt(example.ageBand, 10);
  return years >= (ageFrom ?? 0) && (ageBelow === undefined || years < ageBelow);
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
  if (plan.data.select) requireManyPatients(index, plan);
  if (needsSpacing(plan.preprocessing)) requireSpacing(index, plan);
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

/** A selection must not be able to point at single patients. */
function requireManyPatients(index: DatasetIndex, plan: Plan): void {
  for (const part of PARTS) {
    const patients = new Set(examplesOf(index, plan, part).map(({ patient }) => patient)).size;
    if (patients < SMALLEST_SHOWN_CELL)
      throw unsuitable({ problem: `the plan selects fewer than ${SMALLEST_SHOWN_CELL} patients of the part ${part}` });
  }
}

/** Pictures that do not tell how large a pixel is would be silently left out; so the site declines. */
function requireSpacing(index: DatasetIndex, plan: Plan): void {
  const used = PARTS.flatMap((part) => examplesOf(index, plan, part));
  const without = used.filter(({ spacingMm }) => !spacingMm).length;
  if (without > 0) throw unsuitable({ problem: 'pictures without pixel spacing', pictures: without });
  for (const { rows, columns, spacingMm } of used)
    if (spacingMm) requireModestSize({ height: rows, width: columns }, spacingMm, plan.preprocessing);
}

function unsuitable(detail: Record<string, string | number>): ConsiliumError {
  return new ConsiliumError('DATASET_UNSUITABLE', detail);
}
