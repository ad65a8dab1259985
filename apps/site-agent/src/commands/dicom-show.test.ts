import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uidFromName, writeImage } from '@consilium/dicom';
import { decode } from 'fast-png';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { showDicom } from './dicom-show.js';

let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dicom-show-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

const stored = Uint16Array.from({ length: 64 * 48 }, (_, i) => i % 1000);
const picture = (modality: string) =>
  writeImage({
    header: {
      sopInstanceUid: uidFromName('i'),
      studyInstanceUid: uidFromName('s'),
      seriesInstanceUid: uidFromName('e'),
      patientId: 'SECRET-PATIENT',
      modality,
    },
    rows: 48,
    columns: 64,
    stored,
    bitsStored: 10,
    photometric: 'MONOCHROME1',
  });

function put(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

it('shows a file: format, modality, shape, type and digest, and nothing that names a patient', async () => {
  await showDicom(put('a.dcm', picture('DX')), { frames: 16 });
  expect(printed).toMatch(
    /transfer syntax {2}1\.2\.840\.10008\.1\.2\.1 Explicit VR Little Endian\nmodality +DX\nshape +48 x 64\n/,
  );
  expect(printed).toMatch(/type +uint16, MONOCHROME1\nstored SHA-256 +[0-9a-f]{64}\n/);
  expect(printed).not.toContain('SECRET');
  expect(process.exitCode).toBeUndefined();
});

it('one file that is set aside is a failure that says why', async () => {
  await showDicom(put('cut.dcm', picture('DX').subarray(0, 3000)), { frames: 16, json: true });
  expect(JSON.parse(printed)).toMatchObject({ file: 'cut.dcm', setAside: 'DICOM_TRUNCATED' });
  expect(process.exitCode).toBe(1);
});

it('counts every file of a folder, and files set aside are no failure there', async () => {
  put('b.dcm', picture('CR'));
  put('notes.txt', 'no DICOM');
  mkdirSync(join(folder, 'below'));
  put('below/c.dcm', picture('MR'));
  symlinkSync('b.dcm', join(folder, 'link.dcm'));
  await showDicom(folder, { frames: 16, json: true });
  const shown = JSON.parse(printed);
  expect(shown).toMatchObject({ filesIn: 3, read: 2, setAside: { DICOM_NOT_DICOM: 1 } });
  expect(shown.files.map(({ file }: { file: string }) => file)).toEqual(['b.dcm', 'below/c.dcm', 'notes.txt']);
  expect(process.exitCode).toBeUndefined();
  printed = '';
  await showDicom(folder, { frames: 16 });
  expect(printed).toContain('3 files in, 2 read, 1 set aside\n       1  DICOM_NOT_DICOM: The file is not DICOM.\n');
});

it('writes what a model would see, under names of its own', async () => {
  const png = join(folder, 'png');
  await showDicom(put('a.dcm', picture('CR')), { frames: 16, png });
  const [name, ...others] = readdirSync(png);
  expect(others).toEqual([]);
  expect(name).toMatch(/^000001-[0-9a-f]{12}-1\.png$/);
  expect(statSync(join(png, name!)).mode & 0o077).toBe(0);
  const { width, height, data } = decode(readFileSync(join(png, name!)));
  expect([width, height]).toEqual([64, 48]);
  expect(data[5]).toBeGreaterThan(data[990]!); // MONOCHROME1: small values are bright
  const small = join(folder, 'small');
  await showDicom(join(folder, 'a.dcm'), { frames: 16, png: small, side: 16 });
  const [smallName] = readdirSync(small);
  expect(decode(readFileSync(join(small, smallName!)))).toMatchObject({ width: 16, height: 12 });
});

it('prints no control characters, neither from a header nor from a file name', async () => {
  const bytes = Buffer.from(picture('XXXXXXXXXX'));
  bytes.write('\x1b[2J\x07\x9b31m', bytes.indexOf('XXXXXXXXXX', 0, 'latin1'), 'latin1');
  put('\x1b]0;title\x07.dcm', bytes);
  put('\u202egpj.dcm', 'no DICOM');
  await showDicom(folder, { frames: 16, json: true });
  expect(JSON.parse(printed).files.map(({ file }: { file: string }) => file)).toEqual([
    '\x1b]0;title\x07.dcm',
    '\u202egpj.dcm',
  ]);
  await showDicom(folder, { frames: 16 });
  const unsafe = [...printed].filter((c) => c !== '\n' && (c < ' ' || (c >= '\x7f' && c <= '\x9f') || c === '\u202e'));
  expect(unsafe).toEqual([]);
  expect(printed).toContain('files in, 1 read, 1 set aside');
});

it('refuses a place where there is nothing', async () => {
  const nothing = showDicom(join(folder, 'none'), { frames: 16 });
  await expect(nothing).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  const blocked = showDicom(put('a.dcm', picture('CR')), { frames: 16, png: join(folder, 'a.dcm', 'below') });
  await expect(blocked).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('ends quietly when its reader leaves', async () => {
  put('a.dcm', picture('CR'));
  vi.mocked(process.stdout.write).mockImplementation(() => {
    process.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    return false;
  });
  await showDicom(folder, { frames: 16 });
  expect(process.exitCode).toBeUndefined();
});
