import { expect, it } from 'vitest';
import { dataPdus } from './data-pdus.js';
import { PduGuard } from './pdu-guard.js';

async function* source(...lengths: number[]): AsyncGenerator<Buffer> {
  let value = 0;
  for (const length of lengths) yield Buffer.from(Array.from({ length }, () => value++ & 0xff));
}

async function all(pdus: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const pdu of pdus) found.push(pdu);
  return found;
}

it('cuts a data set into what the peer takes, and marks the last piece', async () => {
  const pdus = await all(dataPdus(7, source(51, 1, 36), 88, 27));
  expect(pdus.map((pdu) => [pdu.length, pdu[10], pdu[11]])).toEqual([
    [32, 7, 0],
    [32, 7, 0],
    [32, 7, 0],
    [32, 7, 0],
    [20, 7, 2],
  ]);
  const guard = new PduGuard({ associationBytes: 10, dataBytes: 27, commandBytes: 10, identifierBytes: 88 });
  expect(pdus.map((pdu) => guard.inspect(pdu))).toEqual(pdus.map(() => undefined));
  expect(guard.isInsidePdu).toBe(false);
  expect(Buffer.concat(pdus.map((pdu) => pdu.subarray(12)))).toEqual(
    Buffer.from(Array.from({ length: 88 }, (_, i) => i)),
  );
});

it('sends pieces of 128 KiB to a peer that takes any size', async () => {
  const pdus = await all(dataPdus(1, source(300_000), 300_000, 0));
  expect(pdus.map(({ length }) => length - 6)).toEqual([131_072, 131_072, 300_000 - 2 * (131_072 - 6) + 6]);
});

it('ends an odd data set with a zero', async () => {
  const pdus = await all(dataPdus(1, source(25), 25, 100));
  expect(pdus.map((pdu) => pdu.length)).toEqual([12 + 26]);
  expect(pdus[0]!.at(-1)).toBe(0);
});

it.each([79, 81])('does not end a data set that has not the length of its file: %i', async (length) => {
  await expect(all(dataPdus(1, source(80), length, 30))).rejects.toMatchObject({ code: 'PACS_ANSWER_INVALID' });
});
