import type { Dimension } from './acquisition.js';
import type { Apart } from './picture-kind.js';

/** What a person should know of a series before it is used as a volume. The list is closed: each has its sentence below. */
export type SeriesFinding =
  | { readonly kind: 'no-place'; readonly slices: number }
  | { readonly kind: 'directions-invalid'; readonly slices: number }
  | { readonly kind: 'several-sizes'; readonly sizes: number }
  | { readonly kind: 'several-orientations'; readonly orientations: number }
  | { readonly kind: 'several-contrasts'; readonly stacks: number; readonly by: readonly Dimension[] }
  | { readonly kind: 'several-passes'; readonly passes: number }
  | { readonly kind: 'other-pictures'; readonly slices: number; readonly what: Apart };

export type StackFinding =
  | { readonly kind: 'single-slice' }
  | { readonly kind: 'two-slices' }
  | { readonly kind: 'duplicates'; readonly slices: number; readonly places: number }
  | { readonly kind: 'missing-slices'; readonly slices: number; readonly gaps: number }
  | { readonly kind: 'uneven-spacing'; readonly leastMm: number; readonly greatestMm: number }
  | { readonly kind: 'oblique'; readonly degrees: number }
  | { readonly kind: 'tilted'; readonly degrees: number }
  | { readonly kind: 'shifted'; readonly slices: number; readonly greatestMm: number }
  | { readonly kind: 'no-pixel-spacing' }
  | { readonly kind: 'mixed-contrasts'; readonly by: readonly Dimension[] }
  | { readonly kind: 'numbers-out-of-order' };

export type GeometryFinding = SeriesFinding | StackFinding;

/** A finding in a sentence for people; numbers to a tenth, distances to a hundredth. */
export function geometrySentence(finding: GeometryFinding): string {
  switch (finding.kind) {
    case 'no-place':
      return `${slices(finding.slices)} without a place in the patient: left out of every volume.`;
    case 'directions-invalid':
      return `${slices(finding.slices)} whose directions of rows and columns are no right angle of unit length, or whose position is no number: left out of every volume.`;
    case 'several-sizes':
      return `Slices of ${finding.sizes} sizes or pixel spacings: each is a stack of its own.`;
    case 'several-orientations':
      return `Slices of ${finding.orientations} orientations: each is a stack of its own.`;
    case 'several-contrasts':
      return `Slices at one place differ in ${finding.by.join(', ')}: ${finding.stacks} stacks, each of one of them.`;
    case 'several-passes':
      return `Every place was taken ${finding.passes} times, and only the numbers of the pictures tell which belong together (phases, echoes or repeats): each pass is a stack of its own.`;
    case 'other-pictures':
      return `${slices(finding.slices)} left out of every volume: ${APART[finding.what]}.`;
    case 'single-slice':
      return 'A single slice: no volume.';
    case 'two-slices':
      return 'Two slices: whether any between them is missing cannot be told.';
    case 'duplicates':
      return `${slices(finding.slices)} at ${finding.places === 1 ? 'a place' : `${finding.places} places`} where there is one already: the first by instance number counts.`;
    case 'missing-slices':
      return `${slices(finding.slices)} missing, in ${finding.gaps === 1 ? 'one gap' : `${finding.gaps} gaps`}.`;
    case 'uneven-spacing':
      return `Slices lie ${hundredths(finding.leastMm)} to ${hundredths(finding.greatestMm)} mm apart: no even grid.`;
    case 'oblique':
      return `Oblique: ${tenths(finding.degrees)} degrees off the axes of the patient.`;
    case 'tilted':
      return `Tilted: slices follow each other ${tenths(finding.degrees)} degrees off their normal (gantry tilt), the grid is sheared.`;
    case 'shifted':
      return `${slices(finding.slices)} shifted sideways, by up to ${hundredths(finding.greatestMm)} mm, from the line of the others.`;
    case 'no-pixel-spacing':
      return 'Without pixel spacing: the volume has no size in mm.';
    case 'mixed-contrasts':
      return `Slices differ in ${finding.by.join(', ')}: this stack mixes them.`;
    case 'numbers-out-of-order':
      return 'Instance numbers follow another order than the places: the order of places counts.';
  }
}

/** In words, of one or several of them. */
const APART: Readonly<Record<Apart, string>> = {
  mosaic: 'a sheet of many slices (mosaic)',
  projection: 'a projection or rendering of a volume (such as MIP)',
  'screen-save': 'a saved screen or a dose report',
  localizer: 'a localizer (scout view)',
  derived: 'derived from other pictures (a reformat, a map) in a series of original ones',
};

function slices(count: number): string {
  return count === 1 ? '1 slice' : `${count} slices`;
}

const tenths = (value: number) => value.toFixed(1);
const hundredths = (value: number) => value.toFixed(2);
