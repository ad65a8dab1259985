import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSlice } from '@consilium/dicom';
import { encode } from 'fast-png';
import { type LabelRow, labelTable } from '../label-table.js';
import { defectiveSeries, SERIES_DEFECTS, type SeriesDefect } from './defective-series.js';
import { type AnnotationWords, annotateSeries } from './series-annotations.js';
import { makeVolumeRoster, type Population, type VolumePatient } from './volume-roster.js';
import type { PhantomSeries, VolumeStudyOrder } from './volume-study.js';

export interface VolumeSiteOrder {
  /** Made if absent; files of the same name are replaced. */
  readonly directory: string;
  readonly siteId: string;
  readonly seed: string | number;
  /** The profile's number if left out. */
  readonly patients?: number;
  /** Rows and columns; the protocol's if left out. */
  readonly matrix?: number;
  /** Adds `annotations/`: SEG, RTSTRUCT and SR of every series. */
  readonly hasAnnotations?: boolean;
  /** Adds a series with each of `SERIES_DEFECTS`, made from the first series, under patients of their own. */
  readonly hasDefects?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface VolumeSite {
  readonly directory: string;
  readonly labelTable: string;
  readonly patients: number;
  readonly studies: number;
  readonly series: number;
  readonly slices: number;
}

/** What a modality adds to the writing of a site. */
export interface VolumeKind {
  readonly population: Population & { readonly patients: number };
  readonly take: (order: VolumeStudyOrder) => PhantomSeries[];
  /** Label of a slice that cuts a lesion; the others are `clear`. */
  readonly lesionLabel: string;
  readonly words: AnnotationWords;
}

/** Label of a slice without a lesion. */
export const CLEAR_LABEL = 'clear';

/** Writes a folder of series: `dicom/SERIES/slice-*.dcm`, `masks/SERIES/slice-*.png`, `labels.csv` with a row for every slice. */
export function writeVolumeSite(order: VolumeSiteOrder, kind: VolumeKind): VolumeSite {
  const { directory, siteId, seed } = order;
  const count = order.patients ?? kind.population.patients;
  const roster = makeVolumeRoster(kind.population, siteId, seed, count);
  const rows: LabelRow[] = [];
  let [studies, series] = [0, 0];
  let first: PhantomSeries | undefined;
  roster.forEach((patient, number) => {
    for (let study = 0; study < patient.studies; study++) {
      const taken = kind.take({ seed, siteId, patient, study, ...(order.matrix ? { matrix: order.matrix } : {}) });
      taken.forEach((one, index) => {
        const name = `${String(number + 1).padStart(4, '0')}-${study + 1}-${index + 1}`;
        rows.push(...writeSeries(order, kind, patient, one, name));
      });
      first ??= taken[0];
      studies++;
      series += taken.length;
    }
    order.onProgress?.(number + 1, count);
  });
  if (order.hasDefects === true && first !== undefined) rows.push(...writeDefectiveSeries(order, kind, first));
  const table = join(directory, 'labels.csv');
  writeFileSync(table, labelTable(rows));
  return { directory, labelTable: table, patients: count, studies, series, slices: rows.length };
}

function writeSeries(
  { directory, hasAnnotations = false }: VolumeSiteOrder,
  kind: VolumeKind,
  patient: VolumePatient,
  series: PhantomSeries,
  name: string,
): LabelRow[] {
  mkdirSync(join(directory, 'dicom', name), { recursive: true });
  mkdirSync(join(directory, 'masks', name), { recursive: true });
  if (hasAnnotations) writeAnnotations(join(directory, 'annotations', name), series, kind.words);
  return series.source.images.map((_, k): LabelRow => {
    const slice = `slice-${String(k + 1).padStart(3, '0')}`;
    const file = `dicom/${name}/${slice}.dcm`;
    const mask = `masks/${name}/${slice}.png`;
    const inside = maskOfAll(series, k);
    writeFileSync(join(directory, file), writeSlice(series.sliceAt(k)));
    writeFileSync(join(directory, mask), maskAsPng(series.source.rows, series.source.columns, inside));
    return { file, patientId: patient.id, label: inside.includes(1) ? kind.lesionLabel : CLEAR_LABEL, mask };
  });
}

/** Each defect is a folder `defect-NAME`; slices keep their label and mask. */
function writeDefectiveSeries({ directory }: VolumeSiteOrder, kind: VolumeKind, series: PhantomSeries): LabelRow[] {
  return (Object.keys(SERIES_DEFECTS) as SeriesDefect[]).flatMap((defect) => {
    const name = `defect-${defect}`;
    mkdirSync(join(directory, 'dicom', name), { recursive: true });
    mkdirSync(join(directory, 'masks', name), { recursive: true });
    return defectiveSeries(series, defect).map(({ bytes, rows, from }, k): LabelRow => {
      const slice = `slice-${String(k + 1).padStart(3, '0')}`;
      const file = `dicom/${name}/${slice}.dcm`;
      const mask = `masks/${name}/${slice}.png`;
      const inside = maskOfAll(series, from).slice(0, rows * series.source.columns);
      writeFileSync(join(directory, file), bytes);
      writeFileSync(join(directory, mask), maskAsPng(rows, series.source.columns, inside));
      return { file, patientId: name, label: inside.includes(1) ? kind.lesionLabel : CLEAR_LABEL, mask };
    });
  });
}

function writeAnnotations(folder: string, series: PhantomSeries, words: AnnotationWords): void {
  mkdirSync(folder, { recursive: true });
  const { segmentation, structureSet, report } = annotateSeries(series, words);
  if (segmentation !== undefined) writeFileSync(join(folder, 'seg.dcm'), segmentation);
  if (structureSet !== undefined) writeFileSync(join(folder, 'rtstruct.dcm'), structureSet);
  writeFileSync(join(folder, 'sr.dcm'), report);
}

/** 1 where any lesion is in slice `k`. */
function maskOfAll({ source, lesions }: PhantomSeries, k: number): Uint8Array {
  const all = new Uint8Array(source.rows * source.columns);
  for (const { masks } of lesions) {
    const mask = masks[k]!;
    for (let i = 0; i < all.length; i++) all[i]! |= mask[i]!;
  }
  return all;
}

function maskAsPng(rows: number, columns: number, mask: Uint8Array): Uint8Array {
  return encode({ width: columns, height: rows, data: mask.map((value) => value * 255), channels: 1, depth: 8 });
}
