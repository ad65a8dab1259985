import { decodeText } from '../parsing/character-sets.js';
import type { DicomElement, DicomElements } from '../parsing/read-elements.js';
import { vrOf } from '../parsing/vr-dictionary.js';
import { characterSetOf, isTextVr } from './element-text.js';
import { profileRowOf } from './profile-table.js';

const WORD_AT_LEAST = 3;
/** From this length on a word is looked for inside other words as well: JANEDOE repeats a name too. */
const INNER_WORD_AT_LEAST = 5;
const TITLES: ReadonlySet<string> = new Set('dr prof mr mrs ms miss med phd jr sr von van der den dos las'.split(' '));

/** Raw bytes are searched for so many words at most: names and numbers of a patient are far fewer. */
const BYTE_WORDS_AT_MOST = 200;
const PHRASE_WORDS_AT_MOST = 64;

/**
 * The values that go, as words and phrases, so that what stays can be checked against them. A file may have a hundred
 * thousand of each: every check is by look-up, never a walk over them all.
 */
export class RemovedValues {
  private readonly words = new Set<string>();
  private readonly innerWords = new Set<string>();
  private readonly innerLengths: readonly number[];
  private readonly phrases = new Set<string>();
  private longestPhrase = 0;
  private readonly keepsDescriptions: boolean;

  /**
   * Collects from every level. `patientId` may be known from elsewhere (a label table). Where descriptions stay, cleaned,
   * they do not count as removed: each would repeat itself.
   */
  constructor(elements: DicomElements, options: { readonly patientId: string; readonly keepsDescriptions: boolean }) {
    this.keepsDescriptions = options.keepsDescriptions;
    this.addWords(options.patientId);
    this.collect(elements, characterSetOf(elements, ''));
    for (const word of this.words) if (word.length >= INNER_WORD_AT_LEAST) this.innerWords.add(word);
    this.innerLengths = [...new Set([...this.innerWords].map(({ length }) => length))];
  }

  /** Whether a text repeats a removed value: one of its words, or the whole of it. */
  isRepeatedIn(text: string): boolean {
    const own = wordsOf(text);
    if (own.some((word) => this.words.has(word)) || this.hasInnerWord(own.join(''))) return true;
    return this.phrasesAmong(own).next().done !== true;
  }

  /** Whether a word must be cut from a text that is cleaned. */
  hasWord(word: string): boolean {
    const lower = word.toLowerCase();
    return this.words.has(lower) || this.hasInnerWord(lower);
  }

  /** The removed phrases that occur in a text, longest first. */
  phrasesIn(text: string): string[] {
    return [...new Set(this.phrasesAmong(wordsOf(text)))].sort((a, b) => b.length - a.length);
  }

  /** Whether bytes that are no text hold a removed word all the same, in the usual ways to write it. */
  isRepeatedInBytes(bytes: Uint8Array): boolean {
    const text = Buffer.from(bytes).toString('latin1').toLowerCase();
    const wide = text.replaceAll('\0', '');
    const words = [...this.innerWords].slice(0, BYTE_WORDS_AT_MOST);
    return words.some((word) => text.includes(word) || wide.includes(word));
  }

  private hasInnerWord(joined: string): boolean {
    return this.innerLengths.some((length) => {
      for (let i = 0; i + length <= joined.length; i++)
        if (this.innerWords.has(joined.slice(i, i + length))) return true;
      return false;
    });
  }

  private *phrasesAmong(words: readonly string[]): Generator<string> {
    for (let from = 0; from < words.length; from++) {
      let phrase = '';
      for (let to = from; to < Math.min(words.length, from + this.longestPhrase); to++) {
        phrase += (phrase === '' ? '' : ' ') + words[to]!;
        if (this.phrases.has(phrase)) yield phrase;
      }
    }
  }

  private remember(words: readonly string[]): void {
    const phrase = words.join(' ');
    if (phrase.length < WORD_AT_LEAST || words.length > PHRASE_WORDS_AT_MOST) return;
    this.phrases.add(phrase);
    this.longestPhrase = Math.max(this.longestPhrase, words.length);
  }

  private collect(elements: DicomElements, inherited: string): void {
    const characterSet = characterSetOf(elements, inherited);
    for (const element of elements) {
      if (element.kind === 'sequence') for (const item of element.items) this.collect(item, characterSet);
      else if (element.kind === 'value') this.collectValue(element, characterSet);
    }
  }

  private collectValue(element: DicomElement & { kind: 'value' }, characterSet: string): void {
    const vr = element.vr === 'UN' ? (vrOf(element.tag) ?? 'UN') : element.vr;
    if (!isTextVr(vr)) return;
    const row = profileRowOf(element.tag);
    if ((row === undefined || row.id === 'odd') && vr !== 'PN') return;
    const text = decodeText(element.value, characterSet).replace(/\0/g, ' ').trim();
    if (text === '') return;
    if (vr === 'PN') this.addWords(text);
    else if (vr === 'DA' || vr === 'DT') for (const date of text.split('\\')) this.addDate(date.trim());
    else if (vr === 'TM') for (const time of text.split('\\')) this.addTime(time.trim());
    else if (vr === 'UI') for (const uid of text.split('\\')) this.addPhrase(uid);
    else if (vr === 'DS' || vr === 'IS' || vr === 'CS' || vr === 'AS') return;
    else if (row?.options.includes('c')) this.addDescription(text);
    else if (/[dDi]/.test(row?.options ?? '')) this.addNameOfThing(text);
    else if (isAboutSite(element.tag)) this.addNameOfThing(text);
    else this.addIdentifier(text);
  }

  /** Every word counts: names of persons. Also written together, in both orders: DOEJANE, JANEDOE. */
  private addWords(text: string): void {
    const words = wordsOf(text).filter((word) => word.length >= WORD_AT_LEAST && !TITLES.has(word));
    for (const word of words) this.words.add(word);
    for (const joined of [words.join(''), words.toReversed().join('')])
      if (joined.length >= INNER_WORD_AT_LEAST) this.words.add(joined);
    this.addPhrase(text);
  }

  /** Numbers and names of patients, orders, visits: words with a digit, and the whole. */
  private addIdentifier(text: string): void {
    for (const part of text.split('\\')) this.addPhrase(part);
    for (const word of wordsOf(text)) if (/\d/.test(word) && word.length > WORD_AT_LEAST) this.words.add(word);
  }

  /** Of a hospital's or device's name only the whole counts: vendors and hospitals share the names of cities. */
  private addNameOfThing(text: string): void {
    for (const part of text.split('\\')) this.addPhrase(part);
    for (const word of wordsOf(text)) if ((word.match(/\d/g) ?? []).length >= 4) this.words.add(word);
  }

  /** A description of one word is no secret: CHEST is in every file. */
  private addDescription(text: string): void {
    const words = wordsOf(text);
    if (words.length >= 2 && !this.keepsDescriptions) this.remember(words);
    for (const word of words) if ((word.match(/\d/g) ?? []).length >= 5) this.words.add(word);
  }

  private addDate(text: string): void {
    const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})/.exec(text);
    if (match === null) return;
    const [, year, month, day] = match as unknown as [string, string, string, string];
    this.words.add(year + month + day);
    for (const words of [
      [year, month, day],
      [day, month, year],
      [month, day, year],
    ])
      this.remember(words);
  }

  private addTime(text: string): void {
    const digits = /^\d{6}/.exec(text.replaceAll(':', ''))?.[0];
    if (digits !== undefined && !digits.endsWith('0000')) this.words.add(digits);
  }

  private addPhrase(text: string): void {
    this.remember(wordsOf(text));
  }
}

/** Institution names and addresses, and where a patient lies. */
function isAboutSite(tag: number): boolean {
  return (tag >= 0x00080080 && tag <= 0x00080082) || (tag >= 0x00081010 && tag <= 0x00081041);
}

export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
