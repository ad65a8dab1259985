import { expect, it } from 'vitest';
import { PduGuard } from './pdu-guard.js';

const LIMITS = { associationBytes: 100, dataBytes: 60, commandBytes: 50, identifierBytes: 80 };

function pdu(type: number, body: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function pdv(flags: number, length: number): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(length + 2, 0);
  head[4] = 1;
  head[5] = flags;
  return Buffer.concat([head, Buffer.alloc(length)]);
}

const COMMAND = 1;
const LAST = 2;

/** The same verdict however the bytes are cut. */
function verdict(bytes: Buffer, isStoring = false): string | undefined {
  const verdicts = [1, 3, 7, 1000].map((size) => {
    const guard = new PduGuard(LIMITS);
    guard.isStoring = isStoring;
    for (let at = 0; at < bytes.length; at += size) {
      const problem = guard.inspect(bytes.subarray(at, at + size));
      if (problem !== undefined) return problem;
    }
    return undefined;
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0];
}

it('lets through what a peer may say', () => {
  const good = [
    pdu(1, Buffer.alloc(100)),
    pdu(4, Buffer.concat([pdv(COMMAND | LAST, 20), pdv(0, 20)])),
    pdu(4, pdv(LAST, 50)),
    pdu(4, pdv(COMMAND | LAST, 50)),
    pdu(4, pdv(COMMAND | LAST, 50)),
    pdu(5, Buffer.alloc(4)),
  ];
  expect(verdict(Buffer.concat(good))).toBeUndefined();
});

it.each([
  ['no PDU', pdu(8, Buffer.alloc(4))],
  ['no PDU', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a PDU too large', pdu(1, Buffer.alloc(101))],
  ['a PDU too large', Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff])],
  ['a PDV that does not fit its PDU', pdu(4, Buffer.from([0, 0, 0, 60, 1, 2, 0, 0]))],
  ['a PDV that does not fit its PDU', pdu(4, Buffer.from([0, 0, 0, 1, 1, 2, 0, 0]))],
  ['a command too large', Buffer.concat([pdu(4, pdv(COMMAND, 40)), pdu(4, pdv(COMMAND, 11))])],
  ['an answer too large', Buffer.concat([pdu(4, pdv(0, 50)), pdu(4, pdv(0, 31))])],
])('cuts off %s', (problem, bytes) => {
  expect(verdict(bytes)).toBe(problem);
});

it('does not limit what goes to disk, but each PDU of it', () => {
  const many = Buffer.concat(Array.from({ length: 50 }, () => pdu(4, pdv(0, 50))));
  expect(verdict(many, true)).toBeUndefined();
  expect(verdict(pdu(4, pdv(0, 61)), true)).toBe('a PDU too large');
});
