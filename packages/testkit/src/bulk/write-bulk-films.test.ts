import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readImage } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { parseCsv } from '../label-table.js';
import { writeBulkFilms } from './write-bulk-films.js';

it('writes as many films as asked for, each another one, a thousand a folder, one table for all', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulk-'));
  try {
    const done: number[] = [];
    const { labelTable } = writeBulkFilms({ directory, seed: 1, count: 1203, onProgress: (count) => done.push(count) });
    expect(done).toEqual([1000, 1203]);
    const rows = parseCsv(readFileSync(labelTable, 'utf8'));
    expect(rows).toHaveLength(1203);
    const images = rows.map(({ file }) => readImage(readFileSync(join(directory, file!))));
    expect(new Set(images.map(({ header }) => header.sopInstanceUid)).size).toBe(1203);
    expect(new Set(images.map(({ header }) => header.patientId)).size).toBe(301);
    expect(
      new Set(images.map(({ stored }) => Buffer.from(Int16Array.from(stored).buffer).toString('latin1'))).size,
    ).toBe(1203);
    images.forEach(({ stored, header }, i) => {
      expect(header.patientId).toBe(rows[i]!.patient_id);
      // Grain ends at 2000; a disc lifts part of it by 300 or more, wherever the film is not at its darkest.
      const bright = stored.filter((value) => value > 2000).length;
      expect(bright > 0 ? 'disc' : 'plain').toBe(rows[i]!.label);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
