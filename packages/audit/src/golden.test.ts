import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import { leafHash } from './leaf-hash.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** RFC 6962, section 2.1: the tree on top of the leaves, here only to check them against published roots. */
function root(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leafHash(leaves[0] as Uint8Array, sha256);
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(
    Buffer.concat([[1], root(leaves.slice(0, left)), root(leaves.slice(left))].map((part) => Buffer.from(part))),
  );
}

/** The eight leaves and nine roots of certificate-transparency's reference tests. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

it('leaf hashes carry the published roots of trees of 0 to 8 leaves', () => {
  const leaves = LEAVES.map((leaf) => Buffer.from(leaf, 'hex'));
  expect(ROOTS.map((_, size) => hex(root(leaves.slice(0, size))))).toEqual(ROOTS);
});

it('the leaf hash of L123456 is the one of the transparency-dev hasher', () => {
  expect(hex(leafHash(new TextEncoder().encode('L123456'), sha256))).toMatch(/^395aa064/);
});

/** Without the numbers that are no integers, which entries may not hold. */
it.each([
  {
    source: 'RFC 8785, section 3.2.3: keys sort by UTF-16 code units',
    input: String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
      "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
    canonical:
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",' +
      '"😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  },
  {
    source: 'RFC 8785, section 3.2.2: escapes and literals',
    input: String.raw`{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    canonical: String.raw`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  },
  { source: 'an integer written as a float', input: '{"b":{"f":5.0},"a":[{}]}', canonical: '{"a":[{}],"b":{"f":5}}' },
  { source: 'text is not normalised', input: String.raw`["\u1e0d\u0307"]`, canonical: '["\u1e0d\u0307"]' },
])('canonical JSON: $source', ({ input, canonical }) => {
  expect(canonicalJson(JSON.parse(input))).toBe(canonical);
});
