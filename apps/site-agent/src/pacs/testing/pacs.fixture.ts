import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uidFromName, writeImage } from '@consilium/dicom';
import type { Orthanc } from '@consilium/testkit';
import { parseQuery, type StudyQuery } from '../query.js';
import { DEFAULT_PACE, type FetchRequest, type Pace } from '../request.js';
import type { PacsEntry } from '../settings.js';
import type { Certificates } from './certificates.fixture.js';
import { newFolder } from './folders.fixture.js';

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

export interface SlicesOrder {
  readonly name: string;
  readonly studies: number;
  readonly slices: number;
  /** Pixels a side. */
  readonly size: number;
}

/** Studies of one CT series each, as Part-10 files. */
export function writeSlices({ name, studies, slices, size }: SlicesOrder): string[] {
  const folder = newFolder();
  const stored = Array.from({ length: size * size }, (_, i) => (i * 37) % 4096);
  const files: string[] = [];
  for (let study = 0; study < studies; study++)
    for (let slice = 0; slice < slices; slice++) {
      stored[0] = slice;
      stored[1] = study;
      const bytes = writeImage({
        header: {
          sopClassUid: CT_IMAGE_STORAGE,
          sopInstanceUid: uidFromName(`${name} instance ${study} ${slice}`),
          studyInstanceUid: uidFromName(`${name} study ${study}`),
          seriesInstanceUid: uidFromName(`${name} series ${study}`),
          patientId: `${name}-${study}`,
          patientName: `Test^Patient${study}`,
          accessionNumber: `A${study}`,
          modality: 'CT',
          studyDate: `20${20 + (study % 5)}0101`,
          bodyPartExamined: study % 2 ? 'HEAD' : 'CHEST',
        },
        rows: size,
        columns: size,
        stored,
        bitsStored: 12,
      });
      const file = join(folder, `${study}-${slice}.dcm`);
      writeFileSync(file, bytes);
      files.push(file);
    }
  return files;
}

/** A site folder with the credentials of an Orthanc, and the entries that reach it. */
export function siteWith(
  orthanc: Orthanc,
  certificates?: Certificates,
): { root: string; dicomweb: PacsEntry; get: PacsEntry; move: PacsEntry } {
  const root = newFolder();
  mkdirSync(join(root, 'pacs'));
  writeFileSync(join(root, 'pacs', 'user'), `${orthanc.user}\n`);
  writeFileSync(join(root, 'pacs', 'password'), `${orthanc.password}\n`);
  const tls = { ca: 'pacs/ca.pem', certificate: 'pacs/certificate.pem', key: 'pacs/key.pem' };
  if (certificates)
    for (const [name, file] of Object.entries(tls))
      writeFileSync(join(root, file), certificates[name as keyof typeof tls]);
  const dimse = {
    ...(certificates ? { tls } : {}),
    aeTitle: orthanc.aeTitle,
    host: '127.0.0.1',
    port: orthanc.dicomPort,
    callingAeTitle: 'CONSILIUM',
    allowLoopback: true,
  };
  return {
    root,
    dicomweb: {
      name: 'web',
      dicomweb: {
        url: orthanc.dicomwebUrl,
        userFile: 'pacs/user',
        passwordFile: 'pacs/password',
        allowLoopback: true,
        ...(certificates ? tls : { allowPlainHttp: true }),
      },
    },
    get: { name: 'get', dimse: { ...dimse, retrieve: 'get' } },
    move: { name: 'move', dimse: { ...dimse, retrieve: 'move' } },
  };
}

/** Fast enough for a test. */
export const TEST_PACE: Pace = { ...DEFAULT_PACE, studiesPerMinute: 1_000_000 };

export function query(...words: string[]): StudyQuery {
  const problems: string[] = [];
  const parsed = parseQuery(words, problems);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return parsed;
}

export function requestOf(
  root: string,
  pacs: PacsEntry,
  words: readonly string[],
  receiverPort?: number,
): FetchRequest {
  const tls = pacs.dimse?.tls;
  return {
    root,
    pacs,
    query: query(...words),
    pace: TEST_PACE,
    receiver:
      receiverPort === undefined
        ? undefined
        : { aeTitle: 'CONSILIUM', host: '127.0.0.1', port: receiverPort, peers: [], ...(tls ? { tls } : {}) },
  };
}
