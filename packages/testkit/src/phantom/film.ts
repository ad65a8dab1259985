import { SeededRandom } from '../seeded-random.js';
import { acquire } from './acquire.js';
import { drawAnatomy, makeAnatomy } from './anatomy.js';
import { Canvas } from './canvas.js';
import { CLASSIFICATION_DIFFICULTY, SEGMENTATION_DIFFICULTY } from './difficulty.js';
import { drawClutter, drawFinding, type Finding, hollowed, isInFinding, makeFinding } from './findings.js';
import type { Protocol, SiteProfile } from './site-profiles.js';

export type PhantomTask = 'classification' | 'segmentation';
export type PhantomLabel = 'solid' | 'cavity';
/** The classes of the classification task; the last one is the finding. */
export const PHANTOM_LABELS: readonly PhantomLabel[] = ['solid', 'cavity'];

export interface PhantomPatient {
  readonly id: string;
  readonly sex: 'F' | 'M';
  readonly ageYears: number;
}

export interface FilmOrder {
  readonly seed: string | number;
  readonly task: PhantomTask;
  readonly patient: PhantomPatient;
  /** Distinguishes the films of a patient. */
  readonly film: number;
  /** Classification only. */
  readonly label: PhantomLabel | undefined;
  readonly profile: SiteProfile;
}

export interface Film {
  readonly rows: number;
  readonly columns: number;
  readonly stored: Uint16Array;
  /** 1 where a finding is (its outline, hollow or not). */
  readonly mask: Uint8Array;
}

/** Draws one film. Anatomy depends on the patient alone; the finding on patient, film and label; the rest on the site's protocol. */
export function takeFilm(order: FilmOrder): Film {
  const { patient, seed, task } = order;
  const { protocol } = order.profile;
  const body = new SeededRandom('anatomy', seed, patient.id);
  const scene = new SeededRandom('scene', seed, patient.id, order.film);
  const anatomy = makeAnatomy(body, patient.sex, patient.ageYears);
  const pose = {
    zoom: protocol.zoom * scene.normal(1, 0.03),
    shiftX: scene.normal(0, protocol.poseSpread),
    shiftY: scene.normal(0, protocol.poseSpread),
    rotationRadians: scene.normal(0, 0.035),
  };
  const canvas = new Canvas(protocol.rows, protocol.columns, pose);
  const findings = makeFindings(scene, anatomy, task, order.label);
  drawAnatomy(canvas, anatomy, protocol.boneContrast);
  for (const finding of findings) drawFinding(canvas, finding);
  const difficulty = task === 'classification' ? CLASSIFICATION_DIFFICULTY : SEGMENTATION_DIFFICULTY;
  drawClutter(canvas, scene, anatomy, order.profile.clutter, difficulty);
  const mask = maskOf(protocol, pose, findings);
  return { rows: protocol.rows, columns: protocol.columns, stored: acquire(canvas, protocol, scene), mask };
}

function makeFindings(
  random: SeededRandom,
  anatomy: ReturnType<typeof makeAnatomy>,
  task: PhantomTask,
  label: PhantomLabel | undefined,
): Finding[] {
  if (task === 'segmentation') {
    const findings: Finding[] = [];
    const count = random.integer(...SEGMENTATION_DIFFICULTY.findings);
    while (findings.length < count) findings.push(makeFinding(random, anatomy, SEGMENTATION_DIFFICULTY, findings));
    return findings;
  }
  const solid: Finding[] = [];
  const { hollowDepth, hollowRadius, findings } = CLASSIFICATION_DIFFICULTY;
  const count = random.integer(...findings);
  while (solid.length < count) solid.push(makeFinding(random, anatomy, CLASSIFICATION_DIFFICULTY, solid));
  // The hollows are drawn for both classes, so that a film's twin of the other class differs in nothing else.
  const cavities = solid.map((finding) => hollowed(random, finding, hollowDepth, hollowRadius));
  return label === 'cavity' ? cavities : solid;
}

function maskOf(protocol: Protocol, pose: Canvas['pose'], findings: readonly Finding[]): Uint8Array {
  const outline = new Canvas(protocol.rows, protocol.columns, pose);
  outline.draw((x, y) => (findings.some((finding) => isInFinding(finding, x, y)) ? 1 : 0));
  return Uint8Array.from(outline.values);
}
