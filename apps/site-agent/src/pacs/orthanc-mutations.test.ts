import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ConsiliumError } from '@consilium/errors';
import { Orthanc, orthancMissing } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPacs } from './open-pacs.js';
import type { Pacs } from './pacs.js';
import { sendToPacs } from './send-files.js';
import { requestOf, siteWith, writeSlices } from './testing/pacs.fixture.js';

const missing = orthancMissing();
if (missing) console.warn(`pacs, mutations: ${missing}`);
const NEVER = new AbortController().signal;
const LIMIT_MS = 2000;
/** A thousand by CONSILIUM_TEST_LONG=1. */
const COUNT = process.env.CONSILIUM_TEST_LONG === '1' ? 1000 : 100;

/** What a PACS answers to a query, changed in some bytes: an answer that is wrong ends in a typed error, and soon. */
describe.skipIf(missing)('mutated answers of a PACS', () => {
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;

  beforeAll(async () => {
    orthanc = await Orthanc.start({ peers: { CONSILIUM: 1 } });
    site = siteWith(orthanc);
    const files = writeSlices({ name: 'mutated', studies: 3, slices: 1, size: 16 });
    await sendToPacs(requestOf(site.root, site.dicomweb, []), files, NEVER);
  });
  afterAll(() => orthanc?.remove());

  const dimseAt = (port: number) => ({ name: 'x', dimse: { ...site.get.dimse!, port } });
  const webAt = (port: number) => {
    const url = `http://127.0.0.1:${port}/dicom-web`;
    return { name: 'x', dicomweb: { ...site.dicomweb.dicomweb!, url } };
  };

  it.each([
    ['C-FIND', () => orthanc.dicomPort, dimseAt],
    ['QIDO', () => orthanc.httpPort, webAt],
  ] as const)(
    '%s',
    async (_, portOf, entryAt) => {
      // What it says after each thing that it is told.
      const recorded: Buffer[][] = [];
      const proxy = await listening((socket) => {
        const inner = connect({ host: '127.0.0.1', port: portOf() });
        socket.on('data', () => recorded.push([]));
        inner.on('data', (chunk: Buffer) => recorded.at(-1)!.push(chunk));
        socket.pipe(inner.on('error', () => {})).pipe(socket);
      });
      expect(await ask(entryAt(portAt(proxy)), NEVER)).toHaveLength(3);
      proxy.close();
      const answers = recorded.map((chunks) => Buffer.concat(chunks));
      let seeds = 0;
      const liar = await listening((socket) => {
        const seed = ++seeds;
        const all = Buffer.concat(answers);
        for (let i = 0; i <= seed % 3; i++)
          all[(seed * 7919 + i * 104_729) % all.length] = (seed * 131 + i * 17) & 0xff;
        let [turn, at] = [0, 0];
        socket.on('data', () => {
          const length = answers[turn++]?.length ?? 0;
          socket.write(all.subarray(at, at + length));
          at += length;
        });
      });
      const outcomes = new Set<string>();
      const once = async () => {
        const began = performance.now();
        const asked = ask(entryAt(portAt(liar)), AbortSignal.timeout(LIMIT_MS / 2));
        const code = (error: unknown) => (error instanceof ConsiliumError ? error.code : String(error));
        outcomes.add(await asked.then(() => 'answered', code));
        expect(performance.now() - began).toBeLessThan(LIMIT_MS);
      };
      for (let done = 0; done < COUNT; done += 25) await Promise.all(Array.from({ length: 25 }, once));
      liar.close();
      for (const outcome of outcomes) expect(outcome).toMatch(/^(answered|STOPPED|PACS_[A-Z_]+)$/);
      expect(outcomes.size).toBeGreaterThan(1);
    },
    120_000,
  );

  async function ask(pacs: Parameters<typeof requestOf>[1], signal: AbortSignal): Promise<string[]> {
    const connection: Pacs = await openPacs(requestOf(site.root, pacs, []), signal);
    const found: string[] = [];
    try {
      for await (const { studyUid } of connection.studies({}, 3, signal)) found.push(studyUid);
      return found;
    } finally {
      await connection.close();
    }
  }
});

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => onSocket(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portAt(server: Server): number {
  return (server.address() as AddressInfo).port;
}
