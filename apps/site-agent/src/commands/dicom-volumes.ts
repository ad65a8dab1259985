import { stat } from 'node:fs/promises';
import { geometrySentence, type SliceStack } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { Command } from 'commander';
import { walkFolder } from '../datasets/walk-folder.js';
import { type DecodePool, openDecodePool } from '../decoding/decode-pool.js';
import { print, printJson, SCREEN } from '../platform/terminal.js';
import { type FoundSeries, readSeries, type SeriesOfFolder } from '../volumes/read-series.js';
import { viewVolume } from '../volumes/volume-views.js';
import { untilStopped } from './until-stopped.js';
import { openPictureFolder, type PictureFolder } from './write-pictures.js';

export interface DicomVolumesOptions {
  readonly json?: boolean;
  /** A folder for the views. */
  readonly png?: string;
}

export function addVolumesCommand(dicom: Command): void {
  dicom
    .command('volumes <folder>')
    .description(
      'the volumes in a folder: slices in the order of their places, and what is missing, double, tilted or uneven',
    )
    .option('--json', 'as JSON')
    .option(
      '--png <folder>',
      'write each volume from three sides there (pictures of patients: keep the folder to yourself)',
    )
    .action((folder: string, options: DicomVolumesOptions) => showVolumes(folder, options));
}

/**
 * Shows what volumes the files of a folder make.
 *
 * Errors   CONFIG_INVALID (no such folder), STOPPED.
 */
export async function showVolumes(folder: string, options: DicomVolumesOptions): Promise<void> {
  const pool = openDecodePool();
  await untilStopped(async (signal) => {
    const files = await filesBelow(folder, signal);
    const pictures = options.png === undefined ? undefined : await openPictureFolder(options.png);
    const found = await readSeries(folder, files, pool, signal, (done) => showProgress(done, files.length));
    const shown = await describeAll(found, folder, pool, pictures, signal);
    if (options.json) printJson({ series: shown, setAside: found.setAside });
    else printSeries(shown, found.setAside);
  }).finally(() => pool.close());
}

async function filesBelow(folder: string, signal: AbortSignal): Promise<string[]> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new ConsiliumError('CONFIG_INVALID', { problem: 'there is no such folder' });
  const found = await walkFolder(folder, signal);
  return found.filter(({ isRegular }) => isRegular).map(({ file }) => file);
}

async function describeAll(
  { series }: SeriesOfFolder,
  folder: string,
  pool: DecodePool,
  pictures: PictureFolder | undefined,
  signal: AbortSignal,
) {
  const shown = [];
  for (const [at, one] of series.entries()) {
    const stacks = [];
    for (const [number, stack] of one.geometry.stacks.entries()) {
      const name = `series-${at + 1}-stack-${number + 1}`;
      const names = pictures ? await draw(one, stack, name, folder, pool, pictures, signal) : [];
      stacks.push({ ...describeStack(one, stack), ...(pictures ? { pictures: names } : {}) });
    }
    const { modality, files, copies, conflicts, geometry } = one;
    const findings = geometry.findings.map(withSentence);
    shown.push({
      modality,
      files,
      copies,
      conflicts,
      firstFile: one.slices[0]?.file ?? conflicts[0] ?? '',
      findings,
      stacks,
    });
  }
  return shown;
}

type ShownSeries = Awaited<ReturnType<typeof describeAll>>[number];

function describeStack({ slices }: FoundSeries, stack: SliceStack) {
  const { rows, columns, pixelSpacingMm } = slices[stack.order[0]!]!;
  return {
    slices: stack.order.length,
    rows,
    columns,
    pixelSpacingMm: pixelSpacingMm ?? null,
    spacingMm: stack.spacingMm ?? null,
    files: [...new Set(stack.order.map((index) => slices[index]!.file))],
    findings: stack.findings.map(withSentence),
  };
}

function withSentence(finding: Parameters<typeof geometrySentence>[0]) {
  return { ...finding, sentence: geometrySentence(finding) };
}

async function draw(
  { slices }: FoundSeries,
  stack: SliceStack,
  name: string,
  folder: string,
  pool: DecodePool,
  pictures: PictureFolder,
  signal: AbortSignal,
): Promise<string[]> {
  const { spacingMm } = stack;
  if (spacingMm === undefined) return [];
  const views = await viewVolume({ ...stack, spacingMm }, slices, folder, pool, signal);
  const names: string[] = [];
  for (const [side, picture] of Object.entries(views)) {
    names.push(`${name}-${side}.png`);
    await pictures.writeOne(`${name}-${side}.png`, picture);
  }
  return names;
}

function printSeries(series: readonly ShownSeries[], setAside: SeriesOfFolder['setAside']): void {
  for (const [at, { modality, files, copies, conflicts, firstFile, findings, stacks }] of series.entries()) {
    print(`Series ${at + 1}: ${modality || 'no modality'}, ${counted(files, 'file')}, first ${firstFile}`);
    if (copies > 0) print(`  ${counted(copies, 'file')} with an instance that another file has already: left out.`);
    if (conflicts.length > 0)
      print(`  Different pictures under one SOP Instance UID, left out: ${conflicts.join(', ')}.`);
    for (const { sentence } of findings) print(`  ${sentence}`);
    for (const [number, stack] of stacks.entries()) {
      print(`  Stack ${number + 1}: ${sizeOf(stack)}`);
      for (const { sentence } of stack.findings) print(`    ${sentence}`);
      if (stack.findings.every(({ kind }) => kind === 'oblique')) print('    Complete and even.');
      for (const picture of stack.pictures ?? []) print(`    ${picture}`);
    }
  }
  if (setAside.length > 0) print(`${counted(setAside.length, 'file')} set aside; \`consilium dicom show\` says why.`);
}

function sizeOf({ slices, rows, columns, pixelSpacingMm: pixel, spacingMm }: ShownSeries['stacks'][number]): string {
  const parts = [`${counted(slices, 'slice')} of ${rows} x ${columns}`];
  if (pixel) parts.push(`pixels ${mm(pixel.row)} x ${mm(pixel.column)} mm`);
  if (spacingMm !== null) parts.push(`${mm(spacingMm)} mm apart`);
  return parts.join(', ');
}

function mm(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Only where a person looks. */
function showProgress(done: number, files: number): void {
  if (!SCREEN.isTerminal || files < 50) return;
  if (done === files) SCREEN.clear();
  else SCREEN.rewrite(`${done} of ${files} files`);
}
