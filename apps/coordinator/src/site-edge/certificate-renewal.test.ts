import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFederation } from '../testing/federation.fixture.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(async () => federation.close());

const page = async () => (await federation.http('GET', '/')).text();

it('takes a renewed certificate while it runs, goes on with the old connections, and warns of one that ends soon', async () => {
  const site = await federation.site('ash');
  const polling = site.poll(1500);
  expect(await page()).not.toContain('certificate');
  await federation.renewCertificate(10.5);
  expect(await page()).toContain('certificate expires on');
  expect(await page()).toContain('in 10 days: consilium up renews it.');
  expect(await polling).toMatchObject({ case: undefined });
  await federation.renewCertificate(-0.002);
  await expect(federation.dial(site)).rejects.toMatchObject({ code: 'COORDINATOR_CERTIFICATE_EXPIRED' });
  expect(await page()).toContain('certificate expired on');
  await federation.renewCertificate(365);
  await federation.dial(site);
  expect(await page()).not.toContain('certificate');
});
