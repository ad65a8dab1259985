import { errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import { type DicomHeader, deidentify } from '../index.js';

const key = Buffer.alloc(32, 7);
const header: DicomHeader = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.1',
  sopInstanceUid: '1.2.3.4.5',
  studyInstanceUid: '1.2.3.4',
  seriesInstanceUid: '1.2.3.4.1',
  patientId: 'MRN-448812',
  patientName: 'Doe^Janet',
  patientBirthDate: '19760511',
  patientSex: 'F',
  patientAge: '',
  accessionNumber: 'ACC9917',
  studyDate: '20240510',
  institutionName: 'Saint Mary',
  referringPhysicianName: 'House^Gregory',
  manufacturer: 'Vendor <b>A</b>\u0000\u001b[31m',
  manufacturerModelName: 'Model 7/2',
  deviceSerialNumber: 'SN778',
  modality: 'CR',
  bodyPartExamined: 'CHEST',
  viewPosition: 'PA',
};

it('keeps the allow-list and nothing that identifies', () => {
  const clean = deidentify(header, key);
  expect(clean).toMatchObject({
    sex: 'F',
    ageBand: '40-49', // one day before the 48th birthday
    manufacturer: 'Vendor b A /b 31m',
    model: 'Model 7/2',
    modality: 'CR',
    bodyPart: 'CHEST',
    viewPosition: 'PA',
  });
  const text = JSON.stringify(clean);
  const secrets = ['448812', 'Doe', 'Janet', '1976', '2024', '9917', 'Mary', 'House', '778', '1.2.3'];
  for (const secret of secrets) expect(text).not.toContain(secret);
});

it('gives one patient one pseudonym, and another key another one', () => {
  const first = deidentify(header, key);
  const second = deidentify({ ...header, sopInstanceUid: '1.2.3.4.6' }, key);
  expect(second.patient).toBe(first.patient);
  expect(second.study).toBe(first.study);
  expect(second.instance).not.toBe(first.instance);
  expect(deidentify(header, Buffer.alloc(32, 8)).patient).not.toBe(first.patient);
  expect(new Set([first.patient, first.study, first.instance]).size).toBe(3);
  // node -e 'crypto.createHmac("sha256", Buffer.alloc(32, 7)).update("patient\0MRN-448812").digest("hex")', cut to 32
  expect(first.patient).toMatch(/^[0-9a-f]{32}$/);
});

it('takes the patient from the label table if told to, and from the study if the file names none', () => {
  const named = deidentify(header, key, { patientId: 'MRN-1' });
  expect(named.patient).toBe(deidentify({ ...header, patientId: 'MRN-1' }, key).patient);
  const nameless = deidentify({ ...header, patientId: '' }, key);
  expect(nameless.patient).toBe(deidentify({ ...header, patientId: '', sopInstanceUid: '1.9' }, key).patient);
});

it.each([
  ['047Y', '40-49'],
  ['009Y', '0-9'],
  ['010Y', '10-19'],
  ['006M', '0-9'],
  ['130M', '10-19'],
  ['089Y', '80-89'],
  ['090Y', '90+'],
  ['999Y', 'unknown'],
  ['47', '40-49'], // not an age string: the dates count
])('turns age %s into band %s', (patientAge, band) => {
  expect(deidentify({ ...header, patientAge }, key).ageBand).toBe(band);
});

it('drops a text that repeats an identifier', () => {
  const repeated = {
    ...header,
    manufacturer: 'scanned for JANET',
    manufacturerModelName: 'X at Saint-Mary',
    viewPosition: 'ACC9917',
  };
  expect(deidentify(repeated, key)).toMatchObject({ manufacturer: '', model: '', viewPosition: '' });
});

it('bounds texts, and turns an unknown sex or code into nothing', () => {
  const long = { ...header, manufacturer: 'x'.repeat(1000), patientSex: '<script>', modality: 'C/R' };
  expect(deidentify(long, key)).toMatchObject({ manufacturer: 'x'.repeat(64), sex: 'unknown', modality: '' });
});

it('refuses a short key and a picture without any identifier', () => {
  const codeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return errorCode(error);
    }
    return 'none';
  };
  expect(codeOf(() => deidentify(header, Buffer.alloc(8)))).toBe('CONFIG_INVALID');
  expect(codeOf(() => deidentify({ ...header, sopInstanceUid: '' }, key))).toBe('DICOM_INVALID');
});
