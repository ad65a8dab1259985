import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uidFromName, writeImage } from '@consilium/dicom';
import { encode } from 'fast-png';
import { type LabelRow, labelTable } from '../label-table.js';
import { writeDefects } from './defects.js';
import { type Film, type PhantomTask, takeFilm } from './film.js';
import { makeRoster, type RosterEntry } from './roster.js';
import type { SiteProfile } from './site-profiles.js';

export interface PhantomSiteOrder {
  /** Made if absent; files of the same name are replaced. */
  readonly directory: string;
  readonly siteId: string;
  readonly profile: SiteProfile;
  readonly task: PhantomTask;
  readonly seed: string | number;
  /** Number of good films; the profile's if left out. */
  readonly examples?: number;
  /** Adds files that a site must name in its report and survive: see `writeDefects`. */
  readonly defects?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface PhantomSite {
  readonly directory: string;
  readonly labelTable: string;
  readonly films: number;
}

/**
 * Writes a hospital's folder: `dicom/*.dcm`, `labels.csv` and, for segmentation, `masks/*.png`. Same order, same bytes.
 * The films are drawn by formula; no part of them comes from a patient.
 */
export function writePhantomSite(order: PhantomSiteOrder): PhantomSite {
  const { directory, siteId, profile, task, seed } = order;
  const examples = order.examples ?? profile.examples;
  mkdirSync(join(directory, 'dicom'), { recursive: true });
  if (task === 'segmentation') mkdirSync(join(directory, 'masks'), { recursive: true });
  const rows: LabelRow[] = [];
  makeRoster(profile, siteId, seed, examples, task).forEach((entry, index) => {
    rows.push(writeFilm(order, entry, index));
    order.onProgress?.(index + 1, examples);
  });
  if (order.defects === true) rows.push(...writeDefects(directory, rows));
  const table = join(directory, 'labels.csv');
  writeFileSync(table, labelTable(rows));
  return { directory, labelTable: table, films: examples };
}

function writeFilm(order: PhantomSiteOrder, entry: RosterEntry, index: number): LabelRow {
  const { directory, profile, task, seed } = order;
  const name = `film-${String(index + 1).padStart(4, '0')}`;
  const film = takeFilm({ seed, task, ...entry, profile });
  writeFileSync(join(directory, 'dicom', `${name}.dcm`), filmAsDicom(order, entry, film));
  const mask = task === 'segmentation' ? `masks/${name}.png` : '';
  if (mask !== '') writeFileSync(join(directory, mask), maskAsPng(film));
  return { file: `dicom/${name}.dcm`, patientId: entry.patient.id, label: entry.label ?? '', mask };
}

function filmAsDicom(order: PhantomSiteOrder, { patient, film: number }: RosterEntry, film: Film): Uint8Array {
  const { profile, siteId, seed, task } = order;
  const { protocol } = profile;
  const name = `phantom ${seed} ${task} ${siteId} ${patient.id} ${number}`;
  const spacing = protocol.pixelSpacingMm / protocol.zoom;
  return writeImage({
    header: {
      sopInstanceUid: uidFromName(`${name} instance`),
      studyInstanceUid: uidFromName(`${name} study`),
      seriesInstanceUid: uidFromName(`${name} series`),
      patientId: patient.id,
      patientName: `Phantom^${patient.id}`,
      patientSex: patient.sex,
      patientAge: `${String(patient.ageYears).padStart(3, '0')}Y`,
      studyDate: number === 0 ? '20240115' : '20240620',
      institutionName: profile.institutionName,
      manufacturer: profile.manufacturer,
      manufacturerModelName: profile.model,
      bodyPartExamined: 'CHEST',
      viewPosition: 'PA',
    },
    rows: film.rows,
    columns: film.columns,
    stored: film.stored,
    bitsStored: protocol.bitsStored,
    photometric: protocol.photometric,
    pixelSpacingMm: { row: spacing, column: spacing },
  });
}

function maskAsPng({ rows, columns, mask }: Film): Uint8Array {
  return encode({ width: columns, height: rows, data: mask.map((value) => value * 255), channels: 1, depth: 8 });
}
