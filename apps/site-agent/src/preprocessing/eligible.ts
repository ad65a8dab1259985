import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import type { DatasetIndex, IndexExample } from '../datasets/dataset-index.js';
import { PARTS, type Part } from '../datasets/image.js';
import { SMALLEST_SHOWN_CELL } from '../datasets/small-cells.js';
import { needsSpacing, requireModestSize } from './resample.js';

export type Selection = Plan['data']['select'];

export function examplesOf(index: DatasetIndex, plan: Plan, part: Part): IndexExample[] {
  return examplesAskedOf(index, plan, part).filter((example) => isSelected(example, plan.data.select));
}

/** Without what the plan selects of them. */
function examplesAskedOf(index: DatasetIndex, plan: Plan, part: Part): IndexExample[] {
  return index.examples.filter((example) => example.part === part && hasWhatIsAsked(example, plan));
}

function isSelected(example: IndexExample, select: Selection): boolean {
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

/**
 * A selection must not be able to point at single patients, neither by itself nor by what it leaves out, nor by any difference to
 * what plans have selected of the same dataset version before: all of these split the pictures of a part into groups that no
 * combination of runs can look into any further, and each group must be of so many patients that a count of them may be shown.
 *
 * Errors   DATASET_UNSUITABLE, saying which of the three it is.
 * Source   TRUST 5.3: block differencing; the groups are the atoms that the selections generate.
 */
export function requireLargeDifferences(index: DatasetIndex, plan: Plan, earlier: readonly Selection[]): void {
  const selections = [plan.data.select, ...earlier].filter((selection) => selection !== undefined);
  for (const part of PARTS) {
    const atoms = Map.groupBy(examplesAskedOf(index, plan, part), (example) =>
      selections.map((selection) => (isSelected(example, selection) ? '1' : '0')).join(''),
    );
    if (selections.length === 0) continue;
    requireMany(
      patientsIn(atoms, (key) => plan.data.select === undefined || key.startsWith('1')),
      `selects fewer`,
      part,
    );
    if (plan.data.select)
      requireMany(
        patientsIn(atoms, (key) => key.startsWith('0')),
        'leaves out fewer',
        part,
      );
    for (const key of atoms.keys())
      requireMany(
        patientsIn(atoms, (other) => other === key),
        'differs from selections of earlier runs by fewer',
        part,
      );
  }
}

function patientsIn(atoms: ReadonlyMap<string, readonly IndexExample[]>, isIn: (key: string) => boolean): number {
  const examples = [...atoms].flatMap(([key, own]) => (isIn(key) ? own : []));
  return new Set(examples.map(({ patient }) => patient)).size;
}

/** Nobody is fine: an empty difference says nothing of anybody. */
function requireMany(patients: number, how: string, part: Part): void {
  if (patients > 0 && patients < SMALLEST_SHOWN_CELL)
    throw unsuitable({ problem: `the plan ${how} than ${SMALLEST_SHOWN_CELL} patients of the part ${part}` });
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
