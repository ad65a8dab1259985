import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { writeLabels, writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

/** Small inputs with their right answers. */
export const CASES = fileURLToPath(new URL('../../../shared/data/cases', import.meta.url));
export const isThere = existsSync(join(CASES, 'expected.json'));
if (!isThere) console.warn('skipped: small inputs with right answers (../shared/data/cases is absent)');
export const expected = (name: string) => JSON.parse(readFileSync(join(CASES, 'expected.json'), 'utf8'))[name];

export interface Report {
  readonly usable: number;
  readonly examples: number;
  readonly filesIn: number;
  readonly filesCounted: number;
  readonly setAside: Readonly<Record<string, number>>;
  readonly framesLeftOut: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  readonly table: unknown;
  readonly volumes: { readonly series: number; readonly findings: Readonly<Record<string, number>> };
  readonly files: readonly { readonly file: string; readonly reason: string; readonly because?: string }[];
}

/** `dataset add` through the command line, and the report that it gives. */
export function add(folder: string, words: readonly string[] = [], dir = newFolder()) {
  const ended = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet', '--json', ...words);
  const { report } = (ended.stdout === '' ? {} : JSON.parse(ended.stdout)) as { report: Report };
  return { ...ended, report, dir };
}

export function filesOf({ files }: Report, reason: string): string[] {
  return files.flatMap((one) => (one.reason === reason ? [one.file] : []));
}

export const PATIENTS = ['P-0', 'P-1', 'P-2', 'P-3', 'P-4', 'P-5'];
/** Six patients of four slices each, with their table. */
export function sixPatients(
  change: (patient: string, at: number) => Partial<Parameters<typeof writeSliceFile>[1]> = () => ({}),
) {
  const folder = newFolder();
  for (const patient of PATIENTS)
    for (let at = 0; at < 4; at++)
      writeSliceFile(folder, { patient, name: String(at), atMm: 2 * at, ...change(patient, at) });
  writeLabels(folder, PATIENTS);
  return folder;
}

interface ShownStack {
  readonly slices: number;
  readonly files: readonly string[];
  readonly findings: readonly { readonly kind: string }[];
}
/** `dicom volumes` through the command line. */
export function volumesOf(folder: string) {
  const { status, stdout } = siteCommand('dicom', 'volumes', folder, '--json');
  expect(status).toBe(0);
  return JSON.parse(stdout).series as {
    readonly findings: readonly { readonly kind: string; readonly sentence: string }[];
    readonly stacks: readonly ShownStack[];
  }[];
}
