import { createHash } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import { type DicomElement, readElements } from '../parsing/read-elements.js';
import { TRANSFER_SYNTAX } from '../parsing/transfer-syntaxes.js';
import { writeElements } from '../writing/write-elements.js';
import { type BurnedInVerdict, burnedInVerdict, readBurnedInFacts } from './burned-in.js';
import { DeidentifiedDataSet, type DeidentifyOptions } from './deidentify-elements.js';
import { textAt } from './element-text.js';
import { type Pseudonym, pseudonymousUid, requireKey } from './keyed.js';
import { nativePictures } from './native-pictures.js';
import { type DeidentificationPolicy, methodCodes } from './policy.js';
import { type PseudonymLink, pseudonymLinks } from './pseudonym-links.js';

export interface DeidentifiedFile {
  /** Part 10, explicit VR little endian, or the compressed syntax of the original. */
  readonly bytes: Uint8Array;
  readonly patient: Pseudonym;
  readonly sopInstanceUid: string;
  readonly links: readonly PseudonymLink[];
  /** Whether the pixels, which are left as they are, may show text; uncompressed ones have been looked at. */
  readonly burnedIn: BurnedInVerdict;
  readonly arePixelsLookedAt: boolean;
}

const UNCOMPRESSED: ReadonlySet<string> = new Set(Object.values(TRANSFER_SYNTAX));
const DICOMDIR = '1.2.840.10008.1.3.10';
const DIRECTORY_RECORDS = 0x00041220;

/**
 * A whole file after the Basic Profile with the options of the policy: every nesting level, private elements, overlays and
 * curves, preamble and file meta information. Texts are written in UTF-8 (or ASCII, if that is all they need).
 *
 * Privacy  UIDs and pseudonyms are keyed hashes, the same in every file of the site; dates shift by a keyed number of days
 *          for each patient. The pixels are left as they are: `burnedIn` says whether they may show text.
 * Errors   those of `readElements`; DICOM_UNSUPPORTED (a DICOMDIR), CONFIG_INVALID (key too short).
 * Source   DICOM PS3.15 annex E.
 */
export function deidentifyFile(bytes: Uint8Array, options: DeidentifyOptions): DeidentifiedFile {
  requireKey(options.key);
  const { elements: source, transferSyntaxUid } = readElements(bytes);
  const sopClassUid = textAt(source, 0x00080016);
  // A file that does not name itself is named by what it holds.
  const instance = textAt(source, 0x00080018) || createHash('sha256').update(bytes).digest('hex');
  if (sopClassUid === DICOMDIR || source.some(({ tag }) => tag === DIRECTORY_RECORDS))
    throw new ConsiliumError('DICOM_UNSUPPORTED', { kind: 'DICOMDIR' });
  const dataSet = new DeidentifiedDataSet(source, options, instance);
  for (const element of statement(options.policy)) dataSet.add(element, 'says what was done');
  const sopInstanceUid = pseudonymousUid(options.key, instance);
  if (textAt(dataSet.elements, 0x00080018) === '')
    dataSet.add(text(0x00080018, 'UI', sopInstanceUid), 'the file had none');
  const written = writeElements({
    transferSyntaxUid: UNCOMPRESSED.has(transferSyntaxUid) ? TRANSFER_SYNTAX.explicitLittleEndian : transferSyntaxUid,
    sopClassUid: textAt(dataSet.elements, 0x00080016),
    sopInstanceUid,
    elements: dataSet.elements,
  });
  const identifiers = {
    patientId: options.patientId || textAt(source, 0x00100020, textAt(source, 0x00080005)),
    studyInstanceUid: textAt(source, 0x0020000d),
    seriesInstanceUid: textAt(source, 0x0020000e),
    sopInstanceUid: textAt(source, 0x00080018),
  };
  const pictures = nativePictures(source);
  return {
    bytes: written,
    patient: dataSet.patient,
    sopInstanceUid,
    links: pseudonymLinks(identifiers, options.key),
    burnedIn: burnedInVerdict(readBurnedInFacts(source), pictures ?? []),
    arePixelsLookedAt: pictures !== undefined,
  };
}

/** PatientIdentityRemoved and how (PS3.3 C.7.1.1, CID 7050), and what became of the dates (C.12.1). */
function statement(policy: DeidentificationPolicy): DicomElement[] {
  const items = methodCodes(policy).map(([code, meaning]) => [
    text(0x00080100, 'SH', code),
    text(0x00080102, 'SH', 'DCM'),
    text(0x00080104, 'LO', meaning),
  ]);
  return [
    text(0x00120062, 'CS', 'YES'),
    text(0x00120063, 'LO', 'Consilium, PS3.15 Basic Profile by table E.1-1'),
    { tag: 0x00120064, vr: 'SQ', kind: 'sequence', items },
    text(0x00280303, 'CS', policy.dates === 'shifted' ? 'MODIFIED' : 'REMOVED'),
  ];
}

function text(tag: number, vr: string, value: string): DicomElement {
  return { tag, vr, kind: 'value', value: Buffer.from(value, 'latin1') };
}
