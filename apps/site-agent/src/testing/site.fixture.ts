import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uidFromName, type WriteImageFields, writeImage } from '@consilium/dicom';
import { encode } from 'fast-png';
import { readConfig, type SiteConfig } from '../platform/config.js';
import type { FakeCoordinator } from './fake-coordinator.fixture.js';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'consilium-site-'));
}

export interface FilmOptions {
  readonly patient?: string;
  readonly sex?: 'F' | 'M';
  readonly size?: number;
  readonly header?: Partial<WriteImageFields['header']>;
}

const SIZE = 16;

/** A film with a bright disc whose place depends on `seed`, as DICOM, and the disc's mask as PNG. */
export function film(seed: number, options: FilmOptions = {}): { dicom: Uint8Array; mask: Uint8Array } {
  const size = options.size ?? SIZE;
  const [x, y, r] = [4 + (seed % 7), 5 + (seed % 5), 3 + (seed % 2)];
  const inside = (i: number) => ((i % size) - x) ** 2 + (Math.floor(i / size) - y) ** 2 <= r * r;
  const stored = Array.from({ length: size * size }, (_, i) => (inside(i) ? 700 : 100) + ((i * 31 + seed * 17) % 50));
  const uid = (kind: string) => uidFromName(`${kind} ${seed} ${size}`);
  const dicom = writeImage({
    header: {
      sopInstanceUid: uid('instance'),
      studyInstanceUid: uid('study'),
      seriesInstanceUid: uid('series'),
      patientId: options.patient ?? `P-${seed}`,
      patientName: `Test^Patient${seed}`,
      patientSex: options.sex ?? (seed % 2 ? 'F' : 'M'),
      patientAge: `0${20 + (seed % 60)}Y`,
      manufacturer: 'ACME',
      ...options.header,
    },
    rows: size,
    columns: size,
    stored,
    bitsStored: 12,
  });
  const data = Uint8Array.from(stored, (_, i) => (inside(i) ? 255 : 0));
  return { dicom, mask: encode({ width: size, height: size, data, channels: 1, depth: 8 }) };
}

/** A folder of `count` films with masks, labels by turns, and a label table. */
export function writeFilms(folder: string, count: number): void {
  mkdirSync(join(folder, 'masks'), { recursive: true });
  const lines = ['file,patient_id,label,mask'];
  for (let i = 0; i < count; i++) {
    const { dicom, mask } = film(i);
    writeFileSync(join(folder, `film-${i}.dcm`), dicom);
    writeFileSync(join(folder, 'masks', `film-${i}.png`), mask);
    lines.push(`film-${i}.dcm,P-${i},${i % 2 ? 'nodule' : 'clear'},masks/film-${i}.png`);
  }
  writeFileSync(join(folder, 'labels.csv'), `${lines.join('\n')}\n`);
}

/** A site folder as a hospital has it, for a fake coordinator. */
export async function writeSite(
  root: string,
  coordinator: Pick<FakeCoordinator, 'tlsOfSite' | 'port'>,
  siteId = 'site-a',
): Promise<void> {
  mkdirSync(join(root, 'tls'), { recursive: true });
  const tls = await coordinator.tlsOfSite(siteId);
  writeFileSync(join(root, 'tls', 'ca.pem'), tls.ca);
  writeFileSync(join(root, 'tls', 'site.pem'), tls.certificate);
  writeFileSync(join(root, 'tls', 'site.key'), tls.key);
  writeFileSync(join(root, 'pseudonym.key'), `${'5a'.repeat(32)}\n`);
  const settings = { federation: 'test-federation', siteId, coordinator: [`127.0.0.1:${coordinator.port}`] };
  writeFileSync(join(root, 'site.json'), JSON.stringify(settings));
}

export function configOf(root: string): SiteConfig {
  return readConfig(root, { logLevel: 'info', backEnd: 'cpu', killPoint: undefined, killLog: undefined });
}
