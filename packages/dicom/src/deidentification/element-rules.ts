import { vrOf } from '../parsing/vr-dictionary.js';
import type { DeidentificationPolicy } from './policy.js';
import { type BasicAction, type ProfileRow, profileRowOf } from './profile-table.js';

/** What happens with one element; `DeidentifiedTree` knows how. */
export type Act =
  | 'remove'
  | 'empty'
  | 'dummy'
  | 'uid'
  | 'patient-pseudonym'
  | 'shift'
  | 'age'
  | 'sex'
  | 'clean-text'
  | 'keep-overlay-without-text'
  | 'recurse'
  | 'keep-text' // unless it repeats a removed value or looks like one
  | 'keep-uid' // if it is one of the standard's
  | 'keep-number'
  | 'keep-bytes'
  | 'keep-pixels';

export interface Rule {
  readonly act: Act;
  /** Why, for the administrator: the row of the table with its option, or the rule for what has no row. */
  readonly why: string;
}

/**
 * Combined actions, each by the first of its letters that is valid whether the object's definition has the attribute as
 * type 1, 2 or 3: a dummy where type 1 is possible, an empty value where it is not, items without identifiers for U*.
 */
const RESOLVED: Readonly<Record<BasicAction, Act>> = {
  X: 'remove',
  Z: 'empty',
  D: 'dummy',
  U: 'uid',
  'X/Z': 'empty',
  'X/D': 'dummy',
  'Z/D': 'dummy',
  'X/Z/D': 'dummy',
  'X/Z/U*': 'recurse',
};

const PATIENT_NAME = 0x00100010;
const PATIENT_ID = 0x00100020;
const PATIENT_SEX = 0x00100040;
const PATIENT_AGE = 0x00101010;
const BODY_SIZES: ReadonlySet<number> = new Set([0x00101020, 0x00101030]);
const PIXEL_DATA = 0x7fe00010;

/** May be empty; the other sequences with X/Z are optional and then must have an item. */
const ACQUISITION_CONTEXT = 0x00400555;

/** Manufacturer, its model, software versions, and the same of devices that digitised or printed. */
const DEVICE_NAMES: ReadonlySet<number> = new Set([
  0x00080070, 0x00081090, 0x00181016, 0x00181018, 0x00181019, 0x0018101a, 0x0018101b, 0x00181020,
]);

/** SOP classes say what an object is, also the private ones of vendors. */
export const CLASS_UIDS: ReadonlySet<number> = new Set([0x00080016, 0x0008001a, 0x00081150, 0x0008115a]);

/** Byte strings that hold numbers: lookup tables, colour profiles, waveforms, spectra, points, bulk motion, float pixels. */
const NUMERIC_BYTES: ReadonlySet<number> = new Set([0x00282000, 0x54000110, 0x54000112, 0x5400100a, 0x54001010]);

/** Groups of the patient, the visit, the request and the results: texts there without a row are not let through. */
const PERSONAL_GROUPS: ReadonlySet<number> = new Set([0x0010, 0x0012, 0x0032, 0x0038, 0x4008]);

/** Of a standard or overlay group; private elements have their own way, `ruleForPrivate`. */
export function ruleFor(tag: number, fileVr: string, policy: DeidentificationPolicy): Rule {
  const group = tag >>> 16;
  if ((tag & 0xffff) === 0) return { act: 'remove', why: 'group length' };
  if (group < 8) return { act: 'remove', why: 'no place in a data set' };
  const row = profileRowOf(tag);
  if (row !== undefined) return ruleOfRow(tag, row, fileVr, policy);
  if (group >>> 8 === 0x60 && policy.graphics === 'removed') return { act: 'remove', why: 'overlay' };
  const vr = vrOf(tag, fileVr === 'SS');
  if (vr === undefined) return { act: 'remove', why: 'unknown attribute' };
  if (!isSameKind(vr, fileVr)) return { act: 'remove', why: `VR ${fileVr} where ${vr} belongs` };
  if (DEVICE_NAMES.has(tag) && policy.device === 'removed') return { act: 'dummy', why: 'device' };
  return ruleByVr(tag, vr, policy);
}

/** A private element of a creator that the policy lists: nothing but its VR says what it is. */
export function ruleForPrivate(tag: number, vr: string, policy: DeidentificationPolicy): Rule {
  const rule = ruleByVr(tag, vr, policy);
  const act = rule.act === 'keep-bytes' || rule.act === 'keep-uid' ? 'remove' : rule.act;
  return { act, why: `private, creator listed: ${rule.why}` };
}

function ruleOfRow(tag: number, row: ProfileRow, vr: string, policy: DeidentificationPolicy): Rule {
  const because = (option: string) => `${row.action}, ${option}`;
  const { options } = row;
  if (tag === PATIENT_NAME || tag === PATIENT_ID) return { act: 'patient-pseudonym', why: `${row.action}, pseudonym` };
  if (tag === PATIENT_SEX && policy.sex === 'kept') return { act: 'sex', why: because('patient characteristics') };
  if (tag === PATIENT_AGE && policy.age !== 'removed') return { act: 'age', why: because('patient characteristics') };
  if (BODY_SIZES.has(tag) && policy.bodySize === 'kept')
    return { act: 'keep-text', why: because('patient characteristics') };
  if (options.includes('t') && policy.dates === 'shifted' && vr !== 'OB')
    return { act: 'shift', why: because('modified dates') };
  if (options.includes('c') && policy.descriptions === 'cleaned')
    return { act: vr === 'SQ' ? 'recurse' : 'clean-text', why: because('clean descriptors') };
  if (options.includes('s') && policy.structuredContent === 'cleaned')
    return { act: 'recurse', why: because('clean structured content') };
  if (row.id === '60xx3000' && policy.graphics === 'cleaned')
    return { act: 'keep-overlay-without-text', why: because('clean graphics') };
  if (row.id === '60xx4000' && policy.graphics === 'cleaned')
    return { act: 'clean-text', why: because('clean graphics') };
  if (options.includes('g') && vr === 'SQ' && policy.graphics === 'cleaned')
    return { act: 'recurse', why: because('clean graphics') };
  if (row.action === 'X/Z' && vr === 'SQ' && tag !== ACQUISITION_CONTEXT) return { act: 'remove', why: row.action };
  return { act: RESOLVED[row.action], why: row.action };
}

/** What has no row. Texts become dummies, not empty: nobody knows here whether the object must have a value. */
function ruleByVr(tag: number, vr: string, policy: DeidentificationPolicy): Rule {
  const why = `no row, ${vr}`;
  switch (vr) {
    case 'SQ':
      return { act: 'recurse', why };
    case 'PN':
    case 'AE':
    case 'UR':
      return { act: 'dummy', why };
    case 'DA':
    case 'DT':
    case 'TM':
      return { act: policy.dates === 'shifted' ? 'shift' : 'empty', why };
    case 'UI':
      return { act: 'keep-uid', why };
    case 'LT':
    case 'ST':
    case 'UC':
    case 'UT':
      return { act: policy.descriptions === 'cleaned' ? 'clean-text' : 'dummy', why: `${why}, free text` };
    case 'LO':
    case 'SH':
      return PERSONAL_GROUPS.has(tag >>> 16)
        ? { act: 'dummy', why: `${why}, personal group` }
        : { act: 'keep-text', why };
    case 'AS':
      return { act: 'empty', why };
    case 'CS':
    case 'DS':
    case 'IS':
      return { act: 'keep-text', why };
    case 'OB':
    case 'UN':
      if (tag === PIXEL_DATA) return { act: 'keep-pixels', why: 'pixel data' };
      return { act: vr === 'OB' && isNumericBytes(tag) ? 'keep-bytes' : 'remove', why };
    case 'OD':
    case 'OF':
    case 'OL':
    case 'OV':
    case 'OW':
      return { act: tag === PIXEL_DATA ? 'keep-pixels' : 'keep-bytes', why: tag === PIXEL_DATA ? 'pixel data' : why };
    default:
      return { act: 'keep-number', why };
  }
}

function isNumericBytes(tag: number): boolean {
  return NUMERIC_BYTES.has(tag) || tag >>> 16 === 0x7fe0;
}

const TEXTS = 'AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT'.split(' ');
const BYTES = 'OB OD OF OL OV OW UN'.split(' ');

/** Whether a file may write an attribute so: texts as texts, numbers as numbers, bytes as bytes. */
function isSameKind(standard: string, file: string): boolean {
  if (standard === file) return true;
  if (TEXTS.includes(standard)) return TEXTS.includes(file);
  if (standard === 'OW' && (file === 'US' || file === 'SS')) return true;
  if (BYTES.includes(standard)) return BYTES.includes(file);
  return standard !== 'SQ' && file !== 'SQ' && !TEXTS.includes(file) && !BYTES.includes(file);
}
