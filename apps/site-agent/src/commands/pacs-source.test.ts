import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { newFolder } from '../pacs/testing/folders.fixture.js';
import type { SiteSettings } from '../platform/config.js';
import { addPacsSourceOptions, type PacsSourceOptions, readPacsSource } from './pacs-source.js';

const web = { name: 'archive', dicomweb: { url: 'https://pacs.example/dicom-web', tokenFile: 'pacs/token' } };
const dimse = { name: 'mini', dimse: { aeTitle: 'MINI', host: '10.0.0.5', port: 104, callingAeTitle: 'CONSILIUM' } };
const receiver = { aeTitle: 'CONSILIUM', host: '10.0.0.9', port: 11112, peers: [{ aeTitle: 'CT1', host: '10.0.0.7' }] };

function siteWith(more: Partial<Record<keyof SiteSettings, unknown>>): string {
  const dir = newFolder();
  const settings = { federation: 'north', siteId: 'a', coordinator: ['c:1'], ...more };
  writeFileSync(join(dir, 'site.json'), JSON.stringify(settings));
  return dir;
}

const dir = siteWith({ pacs: [web, dimse], receiver });

function optionsOf(...words: string[]): PacsSourceOptions {
  const command = addPacsSourceOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(words, { from: 'user' }).opts();
}

const read = (...words: string[]) => readPacsSource(dir, optionsOf(...words));
const refused = (code: string, problems: number) =>
  expect.objectContaining({
    code,
    detail: expect.objectContaining({
      problem: expect.stringMatching(new RegExp(`^([^;]+)(; [^;]+){${problems - 1}}$`)),
    }),
  });

it('finds a PACS by its name, or by exactly the address that it has', () => {
  for (const word of ['archive', web.dicomweb.url])
    expect(read('--dicomweb', word, '--query', 'PatientID=1')).toMatchObject({
      kind: 'fetch',
      request: { root: dir, pacs: { name: 'archive' }, query: { patientIds: ['1'] } },
    });
  for (const word of ['mini', 'MINI@10.0.0.5:104'])
    expect(read('--dimse', word, '--all')).toMatchObject({
      request: { pacs: { name: 'mini', dimse: { retrieve: 'get' } } },
    });
});

it.each([
  ['--dicomweb', 'https://pacs.example/dicom-web/'],
  ['--dicomweb', 'https://evil.example/'],
  ['--dicomweb', 'https://pacs.example@evil.example/dicom-web'],
  ['--dicomweb', 'mini'],
  ['--dimse', 'MINI@10.0.0.6:104'],
  ['--dimse', 'archive'],
])('dials nothing because of a word: %s %s', (option, word) => {
  expect(() => read(option, word, '--all')).toThrowError(expect.objectContaining({ code: 'PACS_NOT_CONFIGURED' }));
});

it('is gentle unless told otherwise', () => {
  expect(read('--dimse', 'mini', '--all').request.pace).toEqual({
    associations: 2,
    studiesPerMinute: 30,
    hours: undefined,
    bytesPerSecond: undefined,
  });
  const words = ['--associations', '4', '--studies-per-minute', '7', '--hours', '20:00-06:00', '--bandwidth', '2.5'];
  expect(read('--dimse', 'mini', '--all', ...words).request.pace).toEqual({
    associations: 4,
    studiesPerMinute: 7,
    hours: { fromMinute: 1200, toMinute: 360 },
    bytesPerSecond: 2_500_000,
  });
});

it('listens on the port of the settings, or on another', () => {
  expect(read('--listen', '--until-idle', '60')).toMatchObject({
    kind: 'listen',
    request: { receiver: { ...receiver }, untilIdleMs: 60_000 },
  });
  expect(read('--listen', '11113')).toMatchObject({ request: { receiver: { port: 11113 }, untilIdleMs: undefined } });
});

it('reports every problem at once', () => {
  expect(() =>
    read('--dimse', 'mini', '--dicomweb', 'archive', '--hours', 'x', '--query', 'A=1', 'StudyDate=y'),
  ).toThrowError(refused('REQUEST_INVALID', 4));
  expect(() => readPacsSource(dir, { ...optionsOf('--listen'), dryRun: true })).toThrowError(
    refused('REQUEST_INVALID', 1),
  );
  expect(() => read('--listen', '--all')).toThrowError(refused('REQUEST_INVALID', 1));
  expect(() => readPacsSource(siteWith({}), optionsOf('--listen'))).toThrowError(refused('REQUEST_INVALID', 1));
});

it('does not take all of a PACS by mistake', () => {
  expect(() => read('--dicomweb', 'archive')).toThrowError(refused('REQUEST_INVALID', 1));
});

it.each([
  ['--associations', '9'],
  ['--associations', '0'],
  ['--studies-per-minute', 'x'],
  ['--bandwidth', '-1'],
  ['--listen', '70000'],
])('refuses %s %s', (...words) => {
  expect(() => optionsOf(...words)).toThrow();
});

it.each([
  ['a file outside of the site folder', { pacs: [{ ...web, dicomweb: { ...web.dicomweb, tokenFile: '../token' } }] }],
  ['an absolute file', { pacs: [{ ...web, dicomweb: { ...web.dicomweb, ca: '/etc/ssl/ca.pem' } }] }],
  ['plain http that is not allowed', { pacs: [{ name: 'a', dicomweb: { url: 'http://pacs.example/' } }] }],
  ['a password on the line', { pacs: [{ ...web, dicomweb: { ...web.dicomweb, password: 'x' } }] }],
  ['a certificate without its key', { pacs: [{ ...web, dicomweb: { ...web.dicomweb, certificate: 'a.pem' } }] }],
  ['two languages', { pacs: [{ ...web, ...dimse }] }],
  ['a name twice', { pacs: [web, web] }],
  ['an AE title of 17 characters', { pacs: [{ name: 'a', dimse: { ...dimse.dimse, aeTitle: 'A23456789B1234567' } }] }],
  ['a host with a slash', { pacs: [{ name: 'a', dimse: { ...dimse.dimse, host: 'pacs/x' } }] }],
])('takes no settings with %s', (_, settings) => {
  expect(() => readPacsSource(siteWith(settings), optionsOf('--listen'))).toThrowError(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
