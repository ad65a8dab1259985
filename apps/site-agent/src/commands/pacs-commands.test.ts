import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, Orthanc, orthancMissing } from '@consilium/testkit';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newFolder } from '../pacs/testing/folders.fixture.js';
import { siteWith, writeSlices } from '../pacs/testing/pacs.fixture.js';
import { fetchIntoInbox } from './fetch-into-inbox.js';
import { addPacsCommands } from './pacs-commands.js';
import { readPacsSource } from './pacs-source.js';

const missing = orthancMissing();
if (missing) console.warn(`pacs commands: ${missing}`);

describe.skipIf(missing)('consilium site pacs', () => {
  let orthanc: Orthanc;
  let dir: string;
  let said: string;

  beforeAll(async () => {
    orthanc = await Orthanc.start({ peers: { CONSILIUM: await freePort() } });
    const site = siteWith(orthanc);
    dir = site.root;
    const nobody = { ...site.get, name: 'nobody', dimse: { ...site.get.dimse!, callingAeTitle: 'NOBODY' } };
    const pacs = [site.dicomweb, site.get, nobody];
    writeFileSync(
      join(dir, 'site.json'),
      JSON.stringify({ federation: 'north', siteId: 'a', coordinator: ['c:1'], pacs }),
    );
  });
  afterAll(() => orthanc?.remove());
  beforeEach(() => {
    said = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  async function run(...words: string[]): Promise<string> {
    const command = new Command().exitOverride();
    addPacsCommands(command);
    await command.parseAsync([...words, '--dir', dir], { from: 'user' });
    return said;
  }

  it('lists what there is, without a secret', async () => {
    const text = await run('list');
    expect(text).toMatch(/web +DICOMweb +http:\/\/127\.0\.0\.1:\d+\/dicom-web +plain http, password/);
    expect(text).not.toContain(orthanc.password);
  });

  it('greets each, and says which does not let us in', async () => {
    const results = JSON.parse(await run('check', '--json')) as { name: string; ok: boolean; code: string }[];
    expect(results.map(({ name, ok }) => [name, ok])).toEqual([
      ['web', true],
      ['get', true],
      ['nobody', false],
    ]);
    expect(results[2]!.code).toContain('PACS_DENIED');
    expect(process.exitCode).toBe(1);
  });

  it('sends a folder, says what would come, and fetches it', async () => {
    const files = writeSlices({ name: 'command', studies: 2, slices: 3, size: 16 });
    const folder = dirname(files[0]!);
    writeFileSync(join(folder, 'notes.txt'), 'not DICOM');
    expect(await run('send', folder, '--to', 'web')).toContain('6 of 7 files sent');
    expect(process.exitCode).toBe(1);
    said = '';
    expect(await run('send', files[0]!, '--to', 'get')).toContain('1 of 1 files sent');
    said = '';
    expect(await run('studies', 'web', '--query', 'ModalitiesInStudy=CT')).toBe(
      '2 studies, 2 series, 6 instances would come\nmodalities: CT 2\nyears: 2020 1, 2021 1\n',
    );
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const inbox = newFolder();
    const source = readPacsSource(dir, { dimse: 'get', query: ['PatientID=command-1'], studiesPerMinute: 1000 });
    const result = await fetchIntoInbox(source, inbox, new AbortController().signal);
    expect(result).toMatchObject({ studies: 1, arrived: 3 });
    expect(readFileSync(join(inbox, 'ledger.sqlite')).length).toBeGreaterThan(0);
  });

  it('knows no other', async () => {
    for (const words of [
      ['check', 'other'],
      ['studies', 'other', '--all'],
      ['send', dir, '--to', 'other'],
    ])
      await expect(run(...words)).rejects.toMatchObject({ code: 'PACS_NOT_CONFIGURED' });
    await expect(run('studies', 'web')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(run('send', join(dir, 'nothing'), '--to', 'web')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
