import type { DicomElement, DicomElements } from '../parsing/read-elements.js';
import { ageYears } from './age.js';
import { type ElementChange, type Outcome, pathOf, previewOf } from './element-change.js';
import { CLASS_UIDS, type Rule, ruleFor, ruleForPrivate } from './element-rules.js';
import { characterSetOf, isTextVr, textAt, textOfElement, valuesOf } from './element-text.js';
import { emptied, isCode, keptPixels, standardVr } from './kept-values.js';
import { dateShiftDays, type Pseudonym, pseudonym, pseudonymousUid } from './keyed.js';
import { overlayGroupsWithoutText } from './overlays.js';
import type { DeidentificationPolicy } from './policy.js';
import { RemovedValues } from './removed-values.js';
import {
  cleanFreeText,
  DUMMY_TEXTS,
  looksIdentifying,
  shiftValue,
  wellFormed,
  withoutDefinedTerms,
} from './replacement-values.js';

export interface DeidentifyOptions {
  readonly key: Uint8Array;
  readonly policy: DeidentificationPolicy;
  /** The patient, where a label table knows better than the file. */
  readonly patientId?: string;
  /** Told of every element, at every level, and of what is added. */
  readonly onChange?: (change: ElementChange) => void;
}

const CHARACTER_SET = 0x00080005;
/** A code by its VR, but a free label that must be there. */
const CONTENT_LABEL = 0x00700080;
/** Coding schemes whose codes and meanings come from a published list, and so name no person. */
const PUBLIC_SCHEMES: ReadonlySet<string> = new Set('DCM SCT SRT SNM3 LN UCUM RADLEX FMA I10 I9C'.split(' '));

/** Where an element stands. */
interface Place {
  readonly path: string;
  readonly characterSet: string;
  /** Inside of a sequence that the profile replaces by a dummy. */
  readonly isDummy: boolean;
  readonly siblings: DicomElements;
  readonly keptOverlays: ReadonlySet<number>;
}

/** Applies the profile to one data set. Make one for each file. */
export class DeidentifiedDataSet {
  readonly patient: Pseudonym;
  readonly elements: DicomElement[];
  private readonly removed: RemovedValues;
  private readonly shiftDays: number;
  private readonly age: number | undefined;
  private hasOtherThanAscii = false;

  /** `ownName` stands for the patient of a file that names neither patient nor study. */
  constructor(
    source: DicomElements,
    private readonly options: DeidentifyOptions,
    ownName: string,
  ) {
    const { key, patientId = '' } = options;
    const characterSet = characterSetOf(source, '');
    const study = textAt(source, 0x0020000d) || textAt(source, 0x00080018);
    const patient = patientId || textAt(source, 0x00100020, characterSet) || study || ownName;
    this.patient = pseudonym(key, 'patient', patient);
    this.removed = new RemovedValues(source, {
      patientId,
      keepsDescriptions: options.policy.descriptions === 'cleaned',
    });
    this.shiftDays = dateShiftDays(key, patient);
    this.age = ageYears({
      patientAge: textAt(source, 0x00101010),
      patientBirthDate: textAt(source, 0x00100030),
      studyDate: textAt(source, 0x00080020),
    });
    this.elements = this.dataSet(source, '', characterSet, false);
    this.addAge();
    this.addCharacterSet();
  }

  private dataSet(source: DicomElements, path: string, inherited: string, isDummy: boolean): DicomElement[] {
    const characterSet = characterSetOf(source, inherited);
    const keptOverlays =
      this.options.policy.graphics === 'cleaned' ? overlayGroupsWithoutText(source) : new Set<number>();
    const place: Place = { path, characterSet, isDummy, siblings: source, keptOverlays };
    const creators = this.keptCreators(source, characterSet);
    return source.flatMap((element) => {
      const result = this.element(element, place, creators);
      return result === undefined ? [] : [result];
    });
  }

  /** Private blocks, `group << 8 | block`, that the policy lets through. */
  private keptCreators(source: DicomElements, characterSet: string): ReadonlySet<number> {
    const names = this.options.policy.privateCreators;
    if (names.length === 0) return new Set();
    const isCreator = ({ tag }: DicomElement) =>
      ((tag >>> 16) & 1) === 1 && (tag & 0xffff) >= 0x10 && (tag & 0xffff) <= 0xff;
    const kept = source.filter((e) => isCreator(e) && names.includes(textOfElement(e, characterSet)));
    return new Set(kept.map(({ tag }) => ((tag >>> 16) << 8) | (tag & 0xff)));
  }

  private element(element: DicomElement, place: Place, creators: ReadonlySet<number>): DicomElement | undefined {
    if (element.tag === CHARACTER_SET) return undefined; // written anew when the rest is known
    const rule = this.ruleOf(element, place, creators);
    const goesInside = element.kind === 'sequence' && (rule.act === 'recurse' || rule.act === 'dummy');
    // A sequence is told of before what is in it.
    if (goesInside) this.tell(element, element, rule.act === 'dummy' ? 'replaced' : 'kept', rule, place);
    const { result, outcome } = this.apply(element, rule, place);
    if (!goesInside) this.tell(element, result, outcome, rule, place);
    return result;
  }

  private tell(
    before: DicomElement,
    after: DicomElement | undefined,
    outcome: Outcome,
    { why }: Rule,
    place: Place,
  ): void {
    this.options.onChange?.({
      path: pathOf(place.path, before.tag),
      tag: before.tag,
      vr: after?.vr ?? before.vr,
      outcome,
      why,
      before: previewOf(before, place.characterSet),
      after: after === undefined ? '' : previewOf(after, 'ISO_IR 192'),
    });
  }

  private ruleOf({ tag, vr }: DicomElement, place: Place, creators: ReadonlySet<number>): Rule {
    const group = tag >>> 16;
    if ((group & 1) === 1) {
      const block = (tag & 0xffff) > 0xff ? (tag >>> 8) & 0xff : tag & 0xff;
      if (!creators.has((group << 8) | block)) return { act: 'remove', why: 'X, private' };
      return ruleForPrivate(tag, vr, this.options.policy);
    }
    if (group >>> 8 === 0x60 && this.options.policy.graphics === 'cleaned' && !place.keptOverlays.has(group))
      return { act: 'remove', why: 'overlay that shows text, or none that can be looked at' };
    return ruleFor(tag, vr, this.options.policy);
  }

  private apply(element: DicomElement, rule: Rule, place: Place): { result?: DicomElement; outcome: Outcome } {
    const isEmpty = element.kind === 'value' && element.value.every((byte) => byte === 0x20 || byte === 0);
    switch (rule.act) {
      case 'remove':
        return { outcome: 'removed' };
      case 'empty':
        return { result: emptied(element), outcome: isEmpty ? 'kept' : 'emptied' };
      case 'dummy':
        return {
          result: isEmpty ? emptied(element) : this.dummy(element, place),
          outcome: isEmpty ? 'kept' : 'replaced',
        };
      case 'recurse':
        return { result: this.recursed(element, place, place.isDummy), outcome: 'kept' };
      case 'keep-number':
      case 'keep-bytes':
        return this.keptBytes(element, place);
      case 'keep-pixels':
        return { result: keptPixels(element, place.siblings), outcome: 'kept' };
      case 'keep-overlay-without-text':
        return { result: element, outcome: 'kept' };
      default:
        if (isEmpty) return { result: emptied(element), outcome: 'kept' };
        return this.applyToText(element, rule, place);
    }
  }

  private applyToText(element: DicomElement, { act }: Rule, place: Place): { result?: DicomElement; outcome: Outcome } {
    const vr = standardVr(element);
    if (!isTextVr(vr) || element.kind !== 'value') return { result: emptied(element), outcome: 'emptied' };
    const text = textOfElement(element, place.characterSet);
    const { key } = this.options;
    const values = valuesOf(vr, text);
    const written = (value: string, outcome: Outcome) => ({
      result: this.text(element.tag, vr, value),
      outcome:
        value === '' ? ('emptied' as const) : value === text && outcome === 'cleaned' ? ('kept' as const) : outcome,
    });
    switch (act) {
      case 'uid':
        return written(values.map((uid) => (uid === '' ? '' : pseudonymousUid(key, uid))).join('\\'), 'replaced');
      case 'patient-pseudonym':
        return written(place.path === '' && !place.isDummy ? this.patient : DUMMY_TEXTS.LO!, 'replaced');
      case 'shift':
        return written(values.map((value) => shiftValue(vr, value, this.shiftDays)).join('\\'), 'replaced');
      case 'age':
        return written(this.agePermitted() ?? '', 'replaced');
      case 'sex':
        return written(/^[FMO]$/.test(text) ? text : '', 'kept');
      case 'clean-text':
        return written(wellFormed(vr, cleanFreeText(text, this.removed)), 'cleaned');
      case 'keep-uid':
        return this.keptUids(element.tag, values, written);
      default:
        return this.keptText(element, vr, text, place, written);
    }
  }

  private keptUids<T>(tag: number, values: readonly string[], written: (value: string, outcome: Outcome) => T): T {
    const kept = values.map((uid) => {
      const isPublic = CLASS_UIDS.has(tag) ? /^[\d.]{1,64}$/.test(uid) : /^1\.2\.840\.10008(\.\d{1,5}){1,8}$/.test(uid);
      if (uid === '' || (isPublic && !this.removed.isRepeatedIn(uid))) return uid;
      return pseudonymousUid(this.options.key, uid);
    });
    return written(kept.join('\\'), kept.every((uid, i) => uid === values[i]) ? 'kept' : 'replaced');
  }

  private keptText<T>(
    { tag }: DicomElement,
    vr: string,
    text: string,
    place: Place,
    written: (value: string, outcome: Outcome) => T,
  ): T {
    if (place.isDummy && vr !== 'CS' && !this.isPublicCode(tag, place))
      return written(DUMMY_TEXTS[vr] ?? '', 'replaced');
    const isNumber = vr === 'DS' || vr === 'IS';
    const isRepeating = isNumber
      ? valuesOf(vr, text).some((value) => value.length >= 6 && this.removed.isRepeatedIn(value))
      : this.removed.isRepeatedIn(vr === 'CS' ? withoutDefinedTerms(text) : text) || looksIdentifying(text);
    const kept = isRepeating ? '' : wellFormed(vr, text);
    // Names and versions that must not stay leave a dummy, because an object may need a value; codes and numbers do not.
    if (kept === '' && (vr === 'LO' || vr === 'SH' || tag === CONTENT_LABEL))
      return written(DUMMY_TEXTS[vr]!, 'replaced');
    return written(kept, kept === text ? 'kept' : 'cleaned');
  }

  /** Code value, scheme, version and meaning of a code from a published list. */
  private isPublicCode(tag: number, { siblings }: Place): boolean {
    return isCode(tag) && PUBLIC_SCHEMES.has(textAt(siblings, 0x00080102));
  }

  private agePermitted(): string | undefined {
    const { age } = this.options.policy;
    if (this.age === undefined || age === 'removed') return undefined;
    const years = Math.min(age === 'band' ? Math.floor(this.age / 10) * 10 : Math.floor(this.age), 90);
    return `${String(years).padStart(3, '0')}Y`;
  }

  private keptBytes(element: DicomElement, place: Place): { result?: DicomElement; outcome: Outcome } {
    if (element.kind !== 'value') return { outcome: 'removed' };
    if (place.isDummy)
      return { result: { ...element, value: new Uint8Array(element.value.length) }, outcome: 'replaced' };
    if (this.removed.isRepeatedInBytes(element.value)) return { result: emptied(element), outcome: 'emptied' };
    return { result: element, outcome: 'kept' };
  }

  private dummy(element: DicomElement, place: Place): DicomElement {
    if (element.kind === 'sequence') return this.recursed(element, place, true);
    const vr = standardVr(element);
    if (vr === 'UI') return this.text(element.tag, vr, pseudonymousUid(this.options.key, textOfElement(element, '')));
    if (isTextVr(vr)) return this.text(element.tag, vr, DUMMY_TEXTS[vr]!);
    return { tag: element.tag, vr, kind: 'value', value: Uint8Array.of(0, 0) };
  }

  private recursed(element: DicomElement, place: Place, isDummy: boolean): DicomElement {
    if (element.kind !== 'sequence') return emptied(element);
    const path = pathOf(place.path, element.tag);
    const items = element.items.map((item, i) => this.dataSet(item, `${path}[${i}]`, place.characterSet, isDummy));
    return { ...element, items };
  }

  private text(tag: number, vr: string, text: string): DicomElement {
    if (/[^\x20-\x7e\t\n\f\r]/.test(text)) this.hasOtherThanAscii = true;
    return { tag, vr, kind: 'value', value: Buffer.from(text, 'utf8') };
  }

  /** An age that only the birth date told would go with it. */
  private addAge(): void {
    const age = this.agePermitted();
    if (age === undefined || textAt(this.elements, 0x00101010) !== '') return;
    this.add(this.text(0x00101010, 'AS', age), 'patient characteristics, from the dates');
  }

  private addCharacterSet(): void {
    if (this.hasOtherThanAscii) this.add(this.text(CHARACTER_SET, 'CS', 'ISO_IR 192'), 'all texts are UTF-8 now');
  }

  add(element: DicomElement, why: string): void {
    const at = this.elements.findIndex(({ tag }) => tag === element.tag);
    if (at >= 0) this.elements.splice(at, 1);
    this.elements.push(element);
    const { tag, vr } = element;
    const after = previewOf(element, 'ISO_IR 192');
    this.options.onChange?.({ path: pathOf('', tag), tag, vr, outcome: 'added', why, before: '', after });
  }
}
