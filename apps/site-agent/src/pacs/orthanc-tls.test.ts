import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@consilium/errors';
import { freePort, Orthanc, orthancMissing } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { Inbox } from './inbox/inbox.js';
import { openPacs } from './open-pacs.js';
import type { FetchRequest } from './request.js';
import { sendToPacs } from './send-files.js';
import { makeCertificates, opensslMissing } from './testing/certificates.fixture.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, siteWith, writeSlices } from './testing/pacs.fixture.js';

const missing = orthancMissing() ?? opensslMissing();
if (missing) console.warn(`pacs, mutual TLS: ${missing}`);
const NEVER = new AbortController().signal;
const WAYS = ['dicomweb', 'get', 'move'] as const;

describe.skipIf(missing)('against an Orthanc that wants certificates', () => {
  let orthanc: Orthanc;
  let receiverPort: number;
  let site: ReturnType<typeof siteWith>;
  let stranger: ReturnType<typeof siteWith>;

  beforeAll(async () => {
    const [certificates, others] = [makeCertificates(), makeCertificates()];
    receiverPort = await freePort();
    orthanc = await Orthanc.start({ tls: certificates, peers: { CONSILIUM: receiverPort } });
    site = siteWith(orthanc, certificates);
    // Trusts the PACS, and shows a certificate of somebody else's.
    stranger = siteWith(orthanc, { ...others, ca: certificates.ca });
  });
  afterAll(() => orthanc?.remove());

  const request = (from: typeof site, way: (typeof WAYS)[number]) => requestOf(from.root, from[way], [], receiverPort);

  it('sends and fetches with mutual TLS: STOW, C-STORE, WADO, C-GET, C-MOVE', async () => {
    const files = writeSlices({ name: 'tls', studies: 1, slices: 6, size: 64 });
    expect((await sendToPacs(request(site, 'dicomweb'), files.slice(0, 3), NEVER)).sent).toBe(3);
    expect((await sendToPacs(request(site, 'get'), files.slice(3), NEVER)).sent).toBe(3);
    for (const way of WAYS) {
      const inbox = await Inbox.open(newFolder());
      expect(await fetchStudies(request(site, way), inbox, () => {}, NEVER)).toMatchObject({ arrived: 6, missing: 0 });
      await inbox.close();
    }
  });

  it.each(['dicomweb', 'get'] as const)('is refused without a certificate that the PACS trusts: %s', async (way) => {
    expect(await codeOf(request(stranger, way))).toMatch(/^PACS_(DENIED|UNREACHABLE)$/);
  });

  it.each(['dicomweb', 'get'] as const)('refuses a PACS whose certificate it does not trust: %s', async (way) => {
    writeFileSync(join(stranger.root, 'pacs/ca.pem'), makeCertificates().ca);
    expect(await codeOf(request(stranger, way))).toBe('PACS_DENIED');
  });
});

async function codeOf(request: FetchRequest): Promise<string> {
  const pacs = await openPacs(request, NEVER);
  return pacs
    .echo(NEVER)
    .then(() => 'answered', errorCode)
    .finally(() => pacs.close());
}
