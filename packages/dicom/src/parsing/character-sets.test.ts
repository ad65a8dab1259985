import { expect, it } from 'vitest';
import { decodeText } from '../index.js';

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');

it.each([
  // DICOM PS3.5 H.3.1 and H.3.2: kanji by escapes, with ASCII or JIS X 0201 first
  [
    '\\ISO 2022 IR 87',
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  [
    'ISO 2022 IR 13\\ISO 2022 IR 87',
    '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
  ],
  // PS3.5 I.2: hangul in G1
  [
    '\\ISO 2022 IR 149',
    'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  // PS3.5 J.1, J.3: UTF-8 and GB 18030
  ['ISO_IR 192', 'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1', 'Wang^XiaoDong=王^小東'],
  ['GB18030', 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab', 'Wang^XiaoDong=王^小东'],
  // PS3.5 K.2: simplified Chinese by escapes
  ['\\ISO 2022 IR 58', 'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab', 'Zhang^XiaoDong=张^小东'],
  // JIS X 0212, its first character (JIS0212.TXT of the Unicode consortium), then one letter of each single-byte set
  ['\\ISO 2022 IR 159', '\x1b$(D0!\x1b(B', '丂'],
  ['ISO_IR 100', 'J\xe9r\xf4me', 'Jérôme'],
  ['ISO_IR 101', '\xb1', 'ą'],
  ['ISO_IR 109', '\xa1', 'Ħ'],
  ['ISO_IR 110', '\xa2', 'ĸ'],
  ['ISO_IR 144', '\xbb\xee\xda', 'Люк'],
  ['ISO_IR 127', '\xe2', 'ق'],
  ['ISO_IR 126', '\xc4', 'Δ'],
  ['ISO_IR 138', '\xf9', 'ש'],
  ['ISO_IR 148', '\xfd', 'ı'],
  ['ISO_IR 203', '\xa4', '€'],
  ['ISO_IR 166', '\xa1', 'ก'],
  ['ISO 2022 IR 6\\ISO 2022 IR 144', 'ab\x1b-L\xbb^\x1b-L\xee', 'abЛ^ю'],
  ['', 'plain', 'plain'],
])('reads %s: %j', (characterSet, latin1, text) => {
  expect(decodeText(bytes(latin1), characterSet)).toBe(text);
});

it('goes back to the first repertoire at a delimiter, also when the escape was forgotten', () => {
  expect(decodeText(bytes('\x1b-L\xbb\\\xe9'), 'ISO 2022 IR 100\\ISO 2022 IR 144')).toBe('Л\\é');
});

it('finds no backslash inside a pair of bytes', () => {
  // 3F 5C is 酸 ... its second byte is the backslash of ASCII
  const text = decodeText(bytes('\x1b$B?\\\x1b(B\\B'), '\\ISO 2022 IR 87');
  expect(text.split('\\')).toHaveLength(2);
  expect(text).not.toContain('\ufffd');
});

it('never throws, whatever the bytes and the set', () => {
  const sets = [
    '',
    'ISO_IR 192',
    'GB18030',
    '\\ISO 2022 IR 87',
    'nonsense\\\\',
    'ISO 2022 IR 149',
    '\x1b',
    '__proto__',
  ];
  let seed = 1;
  const next = () => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed;
  };
  for (let n = 0; n < 2000; n++) {
    const noise = Buffer.from(Array.from({ length: next() % 40 }, () => (next() % 5 === 0 ? 0x1b : next() & 0xff)));
    expect(typeof decodeText(noise, sets[n % sets.length]!)).toBe('string');
  }
});
