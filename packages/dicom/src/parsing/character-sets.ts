/** How one repertoire is decoded; what no decoder knows becomes U+FFFD. */
type Decode = (bytes: Uint8Array) => string;

interface Repertoire {
  readonly decode: Decode;
  /** Bytes below 80 belong to it two by two (JIS X 0208 and 0212): no backslash or caret is looked for among them. */
  readonly isTwoByteG0?: boolean;
}

const latin1: Decode = (bytes) => Buffer.from(bytes).toString('latin1');

function named(label: string): Repertoire {
  const decoder = new TextDecoder(label);
  return { decode: (bytes) => decoder.decode(bytes) };
}

const ASCII: Repertoire = { decode: latin1 };
const JIS_ROMAN: Repertoire = { decode: (bytes) => latin1(bytes).replace(/~/g, '\u203e') };
const JIS_X_0201: Repertoire = {
  decode: (bytes) => Array.from(bytes, (byte) => String.fromCharCode(isKatakana(byte) ? 0xfec0 + byte : byte)).join(''),
};
const JIS_X_0208: Repertoire = { isTwoByteG0: true, decode: euc('euc-jp') };
const JIS_X_0212: Repertoire = { isTwoByteG0: true, decode: euc('euc-jp', 0x8f) };

function isKatakana(byte: number): boolean {
  return byte >= 0xa1 && byte <= 0xdf;
}

/** Seven-bit pairs, as the EUC form of the same repertoire: the high bits set, and a shift byte before each pair. */
function euc(label: string, shift?: number): Decode {
  const decoder = new TextDecoder(label);
  return (bytes) => {
    const pairs = Array.from(bytes, (byte, i) =>
      i % 2 === 0 && shift !== undefined ? [shift, byte | 0x80] : byte | 0x80,
    );
    return decoder.decode(Uint8Array.from(pairs.flat()));
  };
}

/** Defined terms without code extensions, and what the first value of a set with them starts in. */
const REPERTOIRES: Readonly<Record<string, Repertoire>> = {
  '': ASCII,
  IR_6: ASCII,
  IR_100: ASCII,
  IR_101: named('iso-8859-2'),
  IR_109: named('iso-8859-3'),
  IR_110: named('iso-8859-4'),
  IR_144: named('iso-8859-5'),
  IR_127: named('iso-8859-6'),
  IR_126: named('iso-8859-7'),
  IR_138: named('iso-8859-8'),
  IR_148: named('windows-1254'),
  IR_203: named('iso-8859-15'),
  IR_13: JIS_X_0201,
  IR_166: named('windows-874'),
  IR_192: named('utf-8'),
  IR_149: named('euc-kr'),
  IR_58: named('gb18030'),
  GB18030: named('gb18030'),
  GBK: named('gbk'),
};

/** Escape sequence (what follows ESC) -> repertoire. Those of G1 leave ASCII in the lower half, as all of them decode it. */
const ESCAPES: readonly (readonly [string, Repertoire])[] = [
  ['(B', ASCII],
  ['(J', JIS_ROMAN],
  [')I', JIS_X_0201],
  ['-A', ASCII],
  ['-B', REPERTOIRES.IR_101!],
  ['-C', REPERTOIRES.IR_109!],
  ['-D', REPERTOIRES.IR_110!],
  ['-L', REPERTOIRES.IR_144!],
  ['-G', REPERTOIRES.IR_127!],
  ['-F', REPERTOIRES.IR_126!],
  ['-H', REPERTOIRES.IR_138!],
  ['-M', REPERTOIRES.IR_148!],
  ['-b', REPERTOIRES.IR_203!],
  ['-T', REPERTOIRES.IR_166!],
  ['$B', JIS_X_0208],
  ['$(D', JIS_X_0212],
  ['$)C', REPERTOIRES.IR_149!],
  ['$)A', REPERTOIRES.IR_58!],
];

const ESCAPE = 0x1b;
/** Line and page ends, backslash, and, of person names, caret and equals sign: after them the first repertoire holds again. */
const DELIMITERS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x3d, 0x5c, 0x5e]);

/**
 * The text of bytes in a Specific Character Set, with or without ISO 2022 escapes. Never throws: what cannot be decoded
 * is U+FFFD, an escape that is not known is left out, an unknown set is read as Latin-1 (which keeps ASCII right).
 *
 * Units    `characterSet` as it stands in (0008,0005): values joined by backslashes, '' for the default repertoire.
 * Source   DICOM PS3.3 C.12.1.1.2, PS3.5 section 6.1; ISO/IEC 2022; the WHATWG encodings that Node brings.
 */
export function decodeText(bytes: Uint8Array, characterSet: string): string {
  const terms = characterSet.split('\\').map((term) =>
    term
      .trim()
      .toUpperCase()
      .replace(/^ISO[_ ](2022[_ ])?IR[_ ]/, 'IR_'),
  );
  const first = REPERTOIRES[terms[0]!] ?? ASCII;
  const isStateless = terms.length === 1 && ['IR_192', 'GB18030', 'GBK'].includes(terms[0]!);
  if (isStateless || !bytes.includes(ESCAPE)) return decodeWith(first, bytes, terms);
  return decodeEscaped(bytes, first);
}

/** Without escapes: Korean and Chinese sets name their G1 repertoire second, and some writers leave its escape out. */
function decodeWith(first: Repertoire, bytes: Uint8Array, terms: readonly string[]): string {
  const second = first === ASCII && terms[0] !== 'IR_100' ? REPERTOIRES[terms[1] ?? ''] : undefined;
  return (second ?? first).decode(bytes);
}

function decodeEscaped(bytes: Uint8Array, first: Repertoire): string {
  const parts: string[] = [];
  let current = first;
  let from = 0;
  const flush = (to: number) => {
    if (to > from) parts.push(current.decode(bytes.subarray(from, to)));
  };
  for (let i = 0; i < bytes.length; ) {
    if (bytes[i] === ESCAPE) {
      flush(i);
      const rest = Buffer.from(bytes.subarray(i + 1, i + 4)).toString('latin1');
      const known = ESCAPES.find(([sequence]) => rest.startsWith(sequence));
      current = known?.[1] ?? current;
      i += 1 + (known?.[0].length ?? 0);
      from = i;
    } else if (current.isTwoByteG0 && bytes[i]! > 0x20) i += bytes[i + 1] === ESCAPE ? 1 : 2;
    else if (current !== first && DELIMITERS.has(bytes[i]!)) {
      flush(i);
      current = first;
      from = i;
      i += 1;
    } else i += 1;
  }
  flush(bytes.length);
  return parts.join('');
}
