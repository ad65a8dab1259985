import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsiliumError } from '@consilium/errors';
import { Orthanc, orthancMissing } from '@consilium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchStudies } from './fetch-studies.js';
import { type Identity, identify } from './inbox/identify.js';
import { Inbox } from './inbox/inbox.js';
import { sendToPacs } from './send-files.js';
import { newFolder } from './testing/folders.fixture.js';
import { requestOf, siteWith } from './testing/pacs.fixture.js';

const folder = fileURLToPath(new URL('../../../../../shared/data/dicom/', import.meta.url));
const missing = orthancMissing() ?? (existsSync(folder) ? undefined : 'skipped: ../shared/data/dicom is absent');
if (missing) console.warn(`pacs, real files: ${missing}`);
const NEVER = new AbortController().signal;

interface RealFile {
  readonly file: string;
  readonly bytes: Buffer;
  readonly identity: Identity;
}

/** By SOP Instance UID, the first of each. */
function realFiles(): Map<string, RealFile> {
  const found = new Map<string, RealFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || file.includes('malformed')) continue;
    const bytes = readFileSync(file);
    const identity = identityOf(bytes);
    if (identity && !found.has(identity.sopUid)) found.set(identity.sopUid, { file, bytes, identity });
  }
  return found;
}

function identityOf(bytes: Buffer): Identity | undefined {
  try {
    return identify(bytes);
  } catch (error) {
    if (error instanceof ConsiliumError) return undefined;
    throw error;
  }
}

describe.skipIf(missing)('real files through a real Orthanc', () => {
  const files = missing ? new Map<string, RealFile>() : realFiles();
  let orthanc: Orthanc;
  let site: ReturnType<typeof siteWith>;
  let sent: number;

  beforeAll(async () => {
    orthanc = await Orthanc.start({ peers: { CONSILIUM: 1 } });
    site = siteWith(orthanc);
    const paths = [...files.values()].map(({ file }) => file);
    const result = await sendToPacs(requestOf(site.root, site.dicomweb, []), paths, NEVER);
    sent = result.sent;
    // Files without a study, a directory, and one that lies about its syntax: an archive has no place for them.
    expect(result.refused.length).toBeLessThanOrEqual(12);
    expect(sent + result.refused.length).toBe(files.size);
  }, 60_000);
  afterAll(() => orthanc?.remove());

  async function fetched(way: 'dicomweb' | 'get') {
    const inbox = await Inbox.open(newFolder());
    const result = await fetchStudies(requestOf(site.root, site[way], []), inbox, () => {}, NEVER);
    const got = [...inbox.files()].map(({ path }) => readFileSync(path));
    await inbox.close();
    return { result, got };
  }

  it('come back by WADO as they are, whatever their transfer syntax', async () => {
    const { result, got } = await fetched('dicomweb');
    expect(result).toMatchObject({ instances: sent, arrived: sent, refused: 0 });
    const syntaxes = new Set<string>();
    for (const bytes of got) {
      const { sopUid, dataSetAt, transferSyntaxUid } = identify(bytes);
      const { bytes: original, identity } = files.get(sopUid)!;
      expect(bytes.subarray(dataSetAt).equals(original.subarray(identity.dataSetAt))).toBe(true);
      syntaxes.add(transferSyntaxUid);
    }
    expect(syntaxes.size).toBeGreaterThanOrEqual(15);
  });

  it('come back by C-GET in the transfer syntax that they have', async () => {
    const { result, got } = await fetched('get');
    // Orthanc does not send classes and syntaxes that its toolkit is too old for.
    expect(result.refused).toBeLessThanOrEqual(2);
    expect(result).toMatchObject({ instances: sent, arrived: sent - result.refused, missing: 0 });
    for (const bytes of got) {
      const { sopUid, transferSyntaxUid } = identify(bytes);
      expect(transferSyntaxUid).toBe(files.get(sopUid)!.identity.transferSyntaxUid);
    }
  });
});
