import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { uidFromName, writeImage } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { decode, hasPngSignature } from 'fast-png';
import { type LabelRow, labelTable, parseCsv } from '../label-table.js';
import { decodeGreyJpeg, type GreyJpeg } from './decode-jpeg.js';
import { FILM_PLANS, type FilmPlan, type FilmPlanName, type ManifestRow } from './film-plans.js';

export interface FilmOrder {
  /** The acceptance pack: the folder that holds `cxr/` and `seg/`. */
  readonly dataDirectory: string;
  readonly plan: FilmPlanName;
  /** Hospitals, as the pack's tasks.json lists them for the plan. */
  readonly sites: readonly string[];
  /** Receives one folder per hospital. */
  readonly directory: string;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface WrappedSite {
  readonly site: string;
  readonly directory: string;
  readonly labelTable: string;
  readonly films: number;
}

/**
 * Wraps the pack's films as DICOM, one folder per hospital: `dicom/*.dcm`, `labels.csv` with the pack's folds, and
 * `masks/*.png` for segmentation. The same pack gives the same bytes.
 *
 * Errors   CONFIG_INVALID (the pack or a file of it is missing), DICOM_INVALID (a picture that cannot be read).
 */
export function wrapFilms(order: FilmOrder): WrappedSite[] {
  const plan = FILM_PLANS[order.plan];
  const rows = readManifest(order.dataDirectory, plan);
  const known = rows.filter((row) => order.sites.includes(row.site!) && plan.label(row) !== undefined);
  let done = 0;
  return order.sites.map((site) => {
    const ofSite = known.filter((row) => row.site === site);
    if (ofSite.length === 0) throw new ConsiliumError('CONFIG_INVALID', { missing: `films of ${site}` });
    return writeSite(order, plan, site, ofSite, () => order.onProgress?.(++done, known.length));
  });
}

function readManifest(dataDirectory: string, plan: FilmPlan): ManifestRow[] {
  const file = join(dataDirectory, plan.folder, 'manifest.csv');
  if (!existsSync(file)) {
    throw new ConsiliumError('CONFIG_INVALID', { missing: `${plan.folder}/manifest.csv in the data directory` });
  }
  const rows = parseCsv(readFileSync(file, 'utf8'));
  for (const column of ['site', 'patient_id', 'image_id', 'fold']) {
    if (rows[0]?.[column] === undefined) throw new ConsiliumError('CONFIG_INVALID', { missing: `column ${column}` });
  }
  return plan.folder === 'cxr' ? rows : withViews(dataDirectory, rows);
}

/** The manifest of masks does not say how a film was taken; the one of films does, for most. */
function withViews(dataDirectory: string, rows: readonly ManifestRow[]): ManifestRow[] {
  const file = join(dataDirectory, 'cxr', 'manifest.csv');
  if (!existsSync(file))
    throw new ConsiliumError('CONFIG_INVALID', { missing: 'cxr/manifest.csv in the data directory' });
  const keyOf = (row: ManifestRow) => `${row.site}/${row.image_id}`;
  const views = new Map(parseCsv(readFileSync(file, 'utf8')).map((row) => [keyOf(row), row.view ?? '']));
  return rows.map((row) => ({ ...row, view: views.get(keyOf(row)) ?? '' }));
}

function writeSite(
  order: FilmOrder,
  plan: FilmPlan,
  site: string,
  films: readonly ManifestRow[],
  onFilm: () => void,
): WrappedSite {
  const directory = join(order.directory, site);
  const source = join(order.dataDirectory, plan.folder);
  const hasMasks = plan.classes.length === 0;
  mkdirSync(join(directory, 'dicom'), { recursive: true });
  if (hasMasks) mkdirSync(join(directory, 'masks'), { recursive: true });
  const rows = films.map((row): LabelRow => {
    const id = row.image_id!.replace(/[^A-Za-z0-9_.-]/g, '_');
    writeFileSync(join(directory, 'dicom', `${id}.dcm`), filmAsDicom(row, readPicture(source, row.image ?? row.file!)));
    const mask = hasMasks ? `masks/${id}.png` : '';
    if (hasMasks) writeFileSync(join(directory, mask), readBytes(source, row.mask!));
    onFilm();
    return { file: `dicom/${id}.dcm`, patientId: row.patient_id!, label: plan.label(row)!, mask, fold: row.fold! };
  });
  const table = join(directory, 'labels.csv');
  writeFileSync(table, labelTable(rows));
  return { site, directory, labelTable: table, films: rows.length };
}

function readBytes(source: string, file: string): Uint8Array {
  const path = join(source, file);
  // The pack's own name of the file, which names no patient: a person has to find out what is missing.
  if (!existsSync(path)) throw new ConsiliumError('CONFIG_INVALID', { missing: file });
  return readFileSync(path);
}

function readPicture(source: string, file: string): GreyJpeg {
  const bytes = readBytes(source, file);
  if (!hasPngSignature(bytes)) return decodeGreyJpeg(bytes);
  const { width, height, channels, depth, data } = decode(bytes);
  if (channels !== 1 || depth !== 8)
    throw new ConsiliumError('DICOM_UNSUPPORTED', { picture: extname(file), channels, depth });
  return { rows: height, columns: width, grey: Uint8Array.from(data) };
}

function filmAsDicom(row: ManifestRow, { rows, columns, grey }: GreyJpeg): Uint8Array {
  const name = `film ${row.site} ${row.image_id}`;
  return writeImage({
    header: {
      sopInstanceUid: uidFromName(`${name} instance`),
      studyInstanceUid: uidFromName(`${name} study`),
      seriesInstanceUid: uidFromName(`${name} series`),
      patientId: row.patient_id!.slice(0, 64),
      patientSex: row.sex === 'F' || row.sex === 'M' ? row.sex : '',
      patientAge: ageString(row.age),
      institutionName: row.site!,
      bodyPartExamined: 'CHEST',
      // 'AP Supine' is AP to DICOM; the position of the body is another element.
      viewPosition: /^(AP|PA)/.exec(row.view ?? '')?.[0] ?? '',
    },
    rows,
    columns,
    stored: grey,
    bitsStored: 8,
  });
}

function ageString(age = ''): string {
  return /^\d{1,3}(\.\d+)?$/.test(age) ? `${String(Math.floor(Number(age))).padStart(3, '0')}Y` : '';
}
