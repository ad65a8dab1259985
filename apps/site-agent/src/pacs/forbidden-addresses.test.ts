import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { errorCode } from '@consilium/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openPacs } from './open-pacs.js';
import { kindOf, lookupOf, pinAddress } from './pinned-address.js';
import { DEFAULT_PACE } from './request.js';
import { type PacsEntry, pacsSchema } from './settings.js';

const NEVER = new AbortController().signal;
/** Whoever is reached here was reached through a hole. */
let canaries: Server[];
let hits: number;
let port: number;
let redirecting: HttpServer;
let target: (path: string) => { status: number; headers?: Record<string, string>; body?: string };

beforeAll(async () => {
  port = await listening();
  redirecting = createHttpServer((request, response) => {
    const { status, headers = {}, body = '' } = target(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  for (const server of [...canaries, redirecting]) server.close();
});
beforeEach(() => {
  hits = 0;
});

async function listening(): Promise<number> {
  const open = async (host: string, at: number) => {
    const server = createServer((socket) => {
      hits++;
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, host, resolve));
    return server;
  };
  const first = await open('127.0.0.1', 0);
  const { port: at } = first.address() as AddressInfo;
  const others = await Promise.all(['127.0.0.2', '::1'].map((host) => open(host, at).catch(() => undefined)));
  canaries = [first, ...others.filter((server) => server !== undefined)];
  return at;
}

const LOOPBACK = [
  '127.0.0.1',
  '127.0.0.2',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7F.1',
  '0x7f.0x0.0x0.0x1',
  '017700000001',
  '0177.0.0.1',
  '0177.1',
  '127.0.0.1.',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  'localhost',
  'LOCALHOST',
];
const OTHERS = [
  '0',
  '0.0.0.0',
  '0x0',
  '[::]',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '[::ffff:a9fe:a9fe]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '240.0.0.1',
  '[ff02::1]',
  '[2001:0:7f00:1::]',
  '[2002:a9fe:a9fe::]',
];
const URLS = [
  'http://pacs.example@127.0.0.1:PORT/',
  'http://user:word@127.0.0.1:PORT/',
  'http://pacs.example:80@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT\\@pacs.example/',
  'http://127.0.0.1:PORT/#@pacs.example',
  'http://127.0.0.1:PORT/?x=http://pacs.example',
  'http:\\\\127.0.0.1:PORT\\',
  'http:127.0.0.1:PORT',
  'http://127.0.0\t.1:PORT/',
  'file:///etc/passwd',
  'ftp://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_x',
  'javascript:fetch("http://127.0.0.1:PORT/")',
  'data:text/html,x',
];

const forms = [...LOOPBACK, ...OTHERS].map((host) => `http://${host}:PORT/dicom-web`);

it.each([...forms, ...URLS])('does not dial %s', async (form) => {
  expect(await outcomeOf({ url: form.replace('PORT', String(port)), allowPlainHttp: true })).toMatch(
    /^(CONFIG_INVALID|PACS_ADDRESS_DENIED)$/,
  );
  expect(hits).toBe(0);
});

it.each(['127.0.0.1', '127.1', '0x7f.1', '2130706433', 'localhost', '::1', '169.254.169.254'])(
  'does not dial %s for DIMSE',
  async (host) => {
    const dimse = { aeTitle: 'PACS', host, port, callingAeTitle: 'US', retrieve: 'get' as const };
    const parsed = pacsSchema.parse([{ name: 'pacs', dimse }]);
    const request = { root: '/nowhere', pacs: parsed[0]!, pace: DEFAULT_PACE, receiver: undefined };
    await expect(openPacs(request, NEVER)).rejects.toMatchObject({ code: 'PACS_ADDRESS_DENIED' });
    expect(hits).toBe(0);
  },
);

it('does not dial in the clear unless the entry says so', async () => {
  expect(await outcomeOf({ url: `http://127.0.0.1:${port}/`, allowLoopback: true })).toBe('CONFIG_INVALID');
  expect(hits).toBe(0);
});

it('dials this machine when the entry says so: the canaries can be hit', async () => {
  const allowed = { url: `http://127.0.0.1:${port}/`, allowPlainHttp: true, allowLoopback: true };
  expect(await outcomeOf(allowed)).toBe('PACS_UNREACHABLE');
  expect(hits).toBeGreaterThan(0);
});

it.each([
  [['127.0.0.1']],
  [['10.1.2.3', '127.0.0.1']],
  [['127.0.0.1', '10.1.2.3']],
  [['::ffff:127.0.0.1']],
  [['10.1.2.3', '169.254.169.254']],
  [['fe80::1%lo']],
])('refuses a name that points to %s', async (ips) => {
  const pinned = pinAddress({ host: 'pacs.example', port: 443, allowLoopback: false }, NEVER, async () => ips);
  await expect(pinned).rejects.toMatchObject({ code: 'PACS_ADDRESS_DENIED' });
});

it('looks a name up once: what it says later is not heard', async () => {
  const answers = [['10.1.2.3'], ['127.0.0.1']];
  let questions = 0;
  const resolve = async () => answers[Math.min(questions++, 1)]!;
  const pinned = await pinAddress({ host: 'rebinding.example', port: 443, allowLoopback: false }, NEVER, resolve);
  const dialled = await new Promise((done) =>
    lookupOf(pinned)('rebinding.example', { all: true }, (_, it) => done(it)),
  );
  expect(dialled).toEqual([{ address: '10.1.2.3', family: 4 }]);
  expect(questions).toBe(1);
});

it.each([301, 302, 303, 307, 308])('does not follow a redirect: %i', async (status) => {
  target = () => ({ status, headers: { location: `http://127.0.0.1:${port}/` } });
  const { port: at } = redirecting.address() as AddressInfo;
  const entry = { url: `http://127.0.0.1:${at}/dicom-web`, allowPlainHttp: true, allowLoopback: true };
  expect(await outcomeOf(entry)).toBe('PACS_ADDRESS_DENIED');
  expect(hits).toBe(0);
});

it('does not follow the URLs of an answer', async () => {
  const elsewhere = `http://127.0.0.1:${port}/studies/1.2`;
  const asked: string[] = [];
  target = (path) => {
    asked.push(path);
    const body = JSON.stringify([
      { '0020000D': { vr: 'UI', Value: ['1.2'] }, '00081190': { vr: 'UR', Value: [elsewhere] } },
    ]);
    return { status: 200, headers: { 'content-type': 'application/dicom+json', link: `<${elsewhere}>` }, body };
  };
  const { port: at } = redirecting.address() as AddressInfo;
  const pacs = await openPacs(
    requestOf({ url: `http://127.0.0.1:${at}/`, allowPlainHttp: true, allowLoopback: true }),
    NEVER,
  );
  const found = [];
  for await (const study of pacs.studies({}, 1, NEVER)) found.push(study.studyUid);
  await pacs.close();
  expect(found).toEqual(['1.2']);
  expect(asked).toHaveLength(1);
  expect(hits).toBe(0);
});

it.each(['1.2/../../system', '1.2?x', '../1', '', '1.2\r\nx: y'])('takes no UID %j into a path', async (uid) => {
  target = () => ({ status: 200, body: JSON.stringify([{ '0020000D': { vr: 'UI', Value: [uid] } }]) });
  const { port: at } = redirecting.address() as AddressInfo;
  const pacs = await openPacs(
    requestOf({ url: `http://127.0.0.1:${at}/`, allowPlainHttp: true, allowLoopback: true }),
    NEVER,
  );
  const first = (async () => {
    for await (const study of pacs.studies({}, 1, NEVER)) return study;
    return undefined;
  })();
  await expect(first).rejects.toMatchObject({ code: 'PACS_ANSWER_INVALID' });
  await pacs.close();
});

it('takes what is left for a hospital', () => {
  for (const ip of ['10.0.0.5', '172.16.3.4', '192.168.1.2', '8.8.8.8', 'fd12:3456::1', '2003:e5::7'])
    expect(kindOf(ip)).toBe('allowed');
});

function requestOf(dicomweb: NonNullable<PacsEntry['dicomweb']>) {
  return { root: '/nowhere', pacs: { name: 'web', dicomweb }, pace: DEFAULT_PACE, receiver: undefined };
}

/** As it goes from site.json to the first request: the schema, the judgement of the address, the request. */
async function outcomeOf(dicomweb: NonNullable<PacsEntry['dicomweb']>): Promise<string> {
  const parsed = pacsSchema.safeParse([{ name: 'web', dicomweb }]);
  if (!parsed.success) return 'CONFIG_INVALID';
  try {
    const pacs = await openPacs(requestOf(parsed.data[0]!.dicomweb!), NEVER);
    await pacs.echo(NEVER).finally(() => pacs.close());
    return 'answered';
  } catch (error) {
    return errorCode(error);
  }
}
