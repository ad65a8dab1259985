import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { film, temporaryFolder } from '../testing/site.fixture.js';
import { addDataset, showDataset } from './dataset.js';
import { deidentifyFiles } from './dicom-deidentify.js';
import { showDicom } from './dicom-show.js';
import { exportReport } from './export-report.js';

/** What people write where a name or a label should be, as UTF-8. */
const PAYLOADS = [
  '../../../../tmp/escaped',
  '..\\..\\escaped',
  '/tmp/escaped',
  'C:\\escaped',
  'escaped\0.png',
  '..',
  '~/escaped',
  '-rf escaped',
  '$(touch escaped)',
  '`touch escaped`',
  '\u001b[2J\u001b[31mescaped',
  '\u001b]0;escaped\u0007',
  '\u009b31mescaped',
  '\r\nescaped: fine\r\n',
  'escaped\b\b\b\u007f',
  '<script>escaped()</script>',
  '"><img src=x onerror=escaped()>',
  "' onmouseover='escaped()",
  '</title><svg onload=escaped()>',
  '[escaped](javascript:escaped())',
  '| escaped | # escaped',
  '\u202egnp.escaped',
  '\u2066escaped\u200f',
  '=cmd|escaped!A1',
  '{{escaped}} %s%n',
  '\ufeffescaped\uffff',
];
/** What a terminal or a log acts on: control characters but tab and line feed, and marks that turn the direction of text. */
const ACTED_ON = /(?![\t\n])\p{Cc}|[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/u;
/** In Markdown a backslash before it makes it text. */
const MARKUP = /(?<!\\)<(script|img|svg)[^>]*(escaped|src=x)/i;
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/;

/** Texts of a film that are long enough to be written over; what a DICOM writer would refuse, a hostile file has. */
const PLACES = { N: 60, M: 58, L: 56, I: 54, R: 52, P: 50, B: 16, V: 14, A: 12 };
const room = (letter: keyof typeof PLACES) => letter.repeat(PLACES[letter]);

function hostileFilm(seed: number, payload: string): Buffer {
  const { dicom } = film(seed, {
    patient: room('P'),
    header: {
      patientName: room('N'),
      manufacturer: room('M'),
      manufacturerModelName: room('L'),
      institutionName: room('I'),
      referringPhysicianName: room('R'),
      bodyPartExamined: room('B'),
      viewPosition: room('V'),
      accessionNumber: room('A'),
    },
  });
  const bytes = Buffer.from(dicom);
  for (const [letter, length] of Object.entries(PLACES)) {
    const text = Buffer.alloc(length, ' ');
    // Patients stay different: the number is part of the text.
    text.write(letter === 'P' ? `${seed}${payload}` : payload, 'utf8');
    const at = bytes.indexOf(letter.repeat(length));
    expect(at).toBeGreaterThan(0);
    text.copy(bytes, at);
  }
  return bytes;
}

let place: string;
let films: string;
/** By command, and by the ending of the report. */
const printed: Record<string, string> = {};
const written: Record<string, string> = {};

beforeAll(async () => {
  place = temporaryFolder();
  films = join(place, 'films');
  const dir = join(place, 'site');
  for (const folder of [films, dir, join(place, 'out')]) mkdirSync(folder);
  const rows = ['file,label'];
  PAYLOADS.forEach((payload, i) => {
    // A name in a folder may hold all but a slash and a zero.
    const file = `${i}${payload.replaceAll(/[/\0]/g, '_')}.dcm`;
    writeFileSync(join(films, file), hostileFilm(i, payload));
    writeFileSync(join(films, `cut ${file}`), hostileFilm(i, payload).subarray(0, 700));
    // A table that holds a zero is refused as a whole.
    rows.push([file, payload.replaceAll('\0', '')].map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','));
  });
  writeFileSync(join(films, 'labels.csv'), `${rows.join('\n')}\n"escaped\u001b[31m.dcm","x"\n`);
  const out = (name: string) => join(place, 'out', name);
  await saying('add', () => addDataset('films', { dir, from: films }));
  await saying('add again, as JSON', () => addDataset('films', { dir, from: films, json: true }));
  await saying('show', () => showDataset('films', { dir, exact: true }));
  await saying('show, as JSON', () => showDataset('films', { dir, exact: true, json: true }));
  await saying('dicom show', () => showDicom(films, { frames: 2, png: out('png') }));
  await saying('dicom show, as JSON', () => showDicom(films, { frames: 2, json: true }));
  await saying('dicom deidentify', () => deidentifyFiles(films, { out: out('clean'), diff: true, dir }));
  for (const ending of ['html', 'md', 'json']) {
    await saying('export', () => exportReport('films', { dir, out: out(`report.${ending}`), exact: true }));
    written[ending] = readFileSync(out(`report.${ending}`), 'utf8');
  }
}, 120_000);
async function saying(command: string, act: () => Promise<void>): Promise<void> {
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed[command] = (printed[command] ?? '') + String(text);
      return true;
    }),
  );
  try {
    await act();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
afterAll(() => rmSync(place, { recursive: true }));

it('reaches no terminal and no log as anything but text', () => {
  expect(Object.values(printed).join()).toContain('escaped');
  const acted = Object.entries(printed).map(([command, text]) => [command, ACTED_ON.exec(text)?.[0]]);
  expect(acted.filter(([, found]) => found !== undefined)).toEqual([]);
});

it('keeps its meaning in JSON', () => {
  const shown = JSON.parse(printed['dicom show, as JSON']!) as { files: { file: string }[] };
  expect(shown.files.map(({ file }) => file).sort()).toEqual(readdirSync(films).sort());
});

it('reaches no page and no table as markup', () => {
  expect(Object.keys(written)).toEqual(['html', 'md', 'json']);
  for (const text of Object.values(written)) {
    expect(text).toContain('escaped');
    expect(ACTED_ON.exec(text)?.[0]).toBeUndefined();
  }
  expect([written.html, written.md].map((text) => MARKUP.exec(text!)?.[0])).toEqual([undefined, undefined]);
});

it('names no file that is written, and none is written elsewhere', () => {
  expect(readdirSync(place).sort()).toEqual(['films', 'out', 'site']);
  expect(readdirSync(films)).toHaveLength(2 * PAYLOADS.length + 1);
  const names = ['site', 'out'].flatMap((folder) =>
    readdirSync(join(place, folder), { recursive: true, encoding: 'utf8' }).flatMap((path) => path.split('/')),
  );
  expect(names.length).toBeGreaterThan(2 * PAYLOADS.length);
  expect(names.filter((name) => !SAFE_NAME.test(name) || name.includes('escaped'))).toEqual([]);
});
