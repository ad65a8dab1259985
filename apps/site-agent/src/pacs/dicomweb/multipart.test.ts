import { expect, it } from 'vitest';
import { boundaryOf, parseMultipart } from './multipart.js';

/** In pieces of `size` bytes: every place where a chunk can end is one where a boundary can be cut. */
async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function parse(text: string, size: number): Promise<{ type: string | undefined; body: string }[]> {
  const parts = [];
  for await (const { headers, body } of parseMultipart(pieces(text, size), 'b-1')) {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    parts.push({ type: headers.get('content-type'), body: Buffer.concat(chunks).toString('latin1') });
  }
  return parts;
}

const TWO =
  'a preamble\r\n--b-1\r\nContent-Type: application/dicom\r\nX: 1\r\n\r\none\r\n--b-\r\n-\r\n--b-1 \t\r\n\r\n\r\n\r\n--b-1--\r\nan epilogue';

for (const size of [1, 2, 3, 5, 7, 11, 1000])
  it(`finds the parts whatever the chunks are: ${size} bytes each`, async () => {
    expect(await parse(TWO, size)).toEqual([
      { type: 'application/dicom', body: 'one\r\n--b-\r\n-' },
      { type: undefined, body: '\r\n' },
    ]);
  });

it('begins without a line break, and skips what nobody reads', async () => {
  const seen: (string | undefined)[] = [];
  const text = '--b-1\r\nn: 1\r\n\r\nfirst part\r\n--b-1\r\nn: 2\r\n\r\nsecond\r\n--b-1--';
  for await (const { headers, body } of parseMultipart(pieces(text, 4), 'b-1')) {
    seen.push(headers.get('n'));
    for await (const _ of body) break;
  }
  expect(seen).toEqual(['1', '2']);
});

it.each([
  ['no boundary at all', 'nothing'],
  ['an end in a part', '--b-1\r\n\r\nhalf of i'],
  ['an end in a header', '--b-1\r\nContent-Ty'],
  ['a boundary inside a line', '--b-1x\r\n\r\na\r\n--b-1--'],
  ['a header without end', `--b-1\r\n${'x'.repeat(40_000)}\r\n\r\na\r\n--b-1--`],
])('refuses %s', async (_, text) => {
  await expect(parse(text, 50)).rejects.toMatchObject({ code: 'PACS_ANSWER_INVALID' });
});

it('ends its source when it is left', async () => {
  let isEnded = false;
  async function* source() {
    try {
      yield Buffer.from('--b-1\r\n\r\na');
      yield Buffer.from('b\r\n--b-1--');
    } finally {
      isEnded = true;
    }
  }
  for await (const _ of parseMultipart(source(), 'b-1')) break;
  expect(isEnded).toBe(true);
});

it('reads a boundary, quoted or not', () => {
  expect(boundaryOf('multipart/related; type="application/dicom"; boundary=abc')).toBe('abc');
  expect(boundaryOf('Multipart/Related; boundary="a b"; type="x"')).toBe('a b');
  for (const type of [undefined, 'application/json', 'multipart/related', 'multipart/related; boundary='])
    expect(() => boundaryOf(type)).toThrowError(expect.objectContaining({ code: 'PACS_ANSWER_INVALID' }));
});
