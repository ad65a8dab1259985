import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';
import { AccessToken } from './access-token.js';
import { PageSession } from './page-session.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
});
afterAll(async () => federation.close());

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

it('lets nobody in without the token, on any route but health', async () => {
  const { paths } = await federation.json<OpenApi>('GET', '/api/openapi.json');
  const routes = Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => [method, route]),
  );
  expect(routes.length).toBeGreaterThan(12);
  for (const [method, route] of [...routes, ['get', '/api/openapi.json']] as [string, string][]) {
    const address = route.replace(/\{\w+\}/g, 'x');
    const response = await federation.http(method.toUpperCase() as 'GET', address, undefined, {
      authorization: 'Bearer wrong',
    });
    expect([route, response.status]).toEqual([route, route === '/api/health' ? 200 : 401]);
  }
  expect((await stat(path.join(federation.dataFolder, '../token'))).mode & 0o777).toBe(0o600);
});

const nobody = { authorization: '' };

async function signIn(path: string) {
  const response = await federation.http('GET', path, undefined, nobody);
  const cookie = response.headers.get('set-cookie') ?? '';
  return { response, cookie, headers: { ...nobody, cookie: cookie.split(';')[0]! } };
}

it('signs a browser in by an address that works once, with a cookie that only reads and is not the token', async () => {
  const withoutToken = await federation.http('GET', '/', undefined, nobody);
  expect([withoutToken.status, await withoutToken.text()]).toEqual([401, expect.stringContaining('access token')]);
  const token = await federation.token();
  expect((await federation.http('GET', `/?token=${token}`, undefined, nobody)).status).toBe(401);
  const { path: link } = await federation.json<{ path: string }>('POST', '/api/sign-in-links');
  const { response, cookie, headers } = await signIn(link);
  expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
  expect(cookie).toMatch(/^consilium-[0-9a-f]{12}=\S+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
  for (const text of [link, cookie]) expect(text).not.toContain(token);
  const page = await federation.http('GET', '/', undefined, headers);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('No run yet')]);
  expect((await federation.http('GET', '/api/runs', undefined, headers)).status).toBe(200);
  expect((await federation.http('POST', '/api/plans', { plan: tinyPlan('fedavg') }, headers)).status).toBe(401);
  expect((await federation.http('POST', '/api/sign-in-links', undefined, headers)).status).toBe(401);
  const again = await federation.http('GET', link, undefined, nobody);
  expect([again.status, await again.text()]).toEqual([401, expect.stringContaining('has been used')]);
});

it('takes no session that was made up, has ended, or is of another coordinator, and no old cookie with the token', async () => {
  const { path: link } = await federation.json<{ path: string }>('POST', '/api/sign-in-links');
  const { headers } = await signIn(link);
  const [name, value] = headers.cookie.split('=') as [string, string];
  const [until, random, mac] = value.split('.') as [string, string, string];
  const status = async (cookie: string) =>
    (await federation.http('GET', '/api/runs', undefined, { ...nobody, cookie })).status;
  expect(await status(`other=1; ${headers.cookie}`)).toBe(200);
  for (const cookie of [
    `${name}=${Number(until) + 1}.${random}.${mac}`,
    `${name}=${until}.${random.split('').reverse().join('')}.${mac}`,
    `${name}=${await federation.token()}`,
    `consilium_token=${await federation.token()}`,
    `consilium-000000000000=${value}`,
  ])
    expect([cookie, await status(cookie)]).toEqual([cookie, 401]);
  const tokenFile = path.join(federation.dataFolder, '../token');
  const session = new PageSession(new AccessToken({ tokenFile }));
  const request = { method: 'GET', headers };
  expect(session.isIn(request)).toBe(true);
  vi.useFakeTimers({ now: Date.now() + 13 * 3600 * 1000, toFake: ['Date'] });
  expect(session.isIn(request)).toBe(false);
  const late = session.makeLink().slice('/?link='.length);
  vi.advanceTimersByTime(601_000);
  expect(session.use(late)).toBe(false);
  vi.useRealTimers();
});

it('signs a browser in by the form, with the token in its body', async () => {
  const post = (token: string) =>
    federation.form('/sign-in', { token }).then(({ status, headers }) => [status, headers.get('set-cookie') !== null]);
  expect(await post('wrong')).toEqual([401, false]);
  expect(await post(await federation.token())).toEqual([303, true]);
});

it('refuses to start with an empty token', async () => {
  const tokenFile = path.join(federation.dataFolder, '../empty');
  await writeFile(tokenFile, '\n');
  expect(() => new AccessToken({ tokenFile })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

it('names everything that is wrong with a plan, and stores the same plan once', async () => {
  const wrong = await federation.http('POST', '/api/plans', { plan: { ...tinyPlan('fedavg'), sead: 1, seed: -1 } });
  expect([wrong.status, await wrong.json()]).toEqual([
    400,
    expect.objectContaining({
      code: 'PLAN_INVALID',
      problems: [
        { path: 'sead', message: expect.any(String), nearest: 'seed' },
        { path: 'seed', message: expect.any(String) },
      ],
    }),
  ]);
  const first = await federation.json('POST', '/api/plans', { plan: tinyPlan('fedavg') });
  expect(await federation.json('POST', '/api/plans', { plan: tinyPlan('fedavg') })).toEqual(first);
  expect(await federation.json('GET', '/api/audit')).toMatchObject({ size: 1, entries: [{ type: 'plan.create' }] });
});

it('makes no run for fewer sites than the quorum, and none that it does not know', async () => {
  const { hash: planHash } = await federation.json<{ hash: string }>('POST', '/api/plans', {
    plan: tinyPlan('fedavg'),
  });
  const few = await federation.http('POST', '/api/runs', { planHash });
  expect([few.status, await few.json()]).toEqual([409, expect.objectContaining({ code: 'QUORUM_NOT_MET' })]);
  const unknown = await federation.http('POST', '/api/runs', { planHash, sites: ['nowhere', 'ash'] });
  expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ code: 'SITE_NOT_FOUND' })]);
  expect(await federation.json('GET', '/api/runs')).toEqual([]);
});

it('says that the database is away, and is back when it is', async () => {
  const site = await federation.site('ash');
  await federation.stopDatabase();
  expect((await federation.http('GET', '/api/runs')).status).toBe(503);
  await expect(site.poll()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  await federation.startDatabase();
  expect((await federation.http('GET', '/api/runs')).status).toBe(200);
  expect(await site.poll()).toMatchObject({ case: undefined });
});
