import { type DicomHeader, type PseudonymLink, pseudonymLinks } from '@consilium/dicom';
import type { PseudonymMap } from '../pseudonyms/pseudonym-map.js';

/** Studies and patients come in a row: of so many the links need not be sealed again. */
const REMEMBERED = 1024;

/**
 * Gathers what stands behind the pseudonyms of a dataset, so that a result can go back to the PACS. The journal has it
 * written before it books the files themselves: no file is kept whose way back is lost.
 */
export class LinkKeeper {
  private pending: PseudonymLink[] = [];
  private readonly recent = new Set<string>();

  constructor(
    private readonly map: Pick<PseudonymMap, 'put'>,
    private readonly key: Uint8Array,
  ) {}

  /** `patientId` is the label table's, where it names another patient than the file. */
  keep(header: DicomHeader, patientId: string | undefined): void {
    const links = pseudonymLinks(header, this.key);
    if (patientId !== undefined) links.push(...pseudonymLinks({ ...NOBODY, patientId }, this.key));
    for (const link of links) {
      // UIDs of written files follow from the originals; datasets have pseudonyms.
      if (link.pseudonym.startsWith('2.25.') || this.recent.has(link.pseudonym)) continue;
      this.pending.push(link);
      this.recent.add(link.pseudonym);
      if (this.recent.size > REMEMBERED) this.recent.delete(this.recent.values().next().value!);
    }
  }

  /** Errors  DISK_FULL; what is gathered stays for the next attempt. */
  write(): void {
    this.map.put(this.pending);
    this.pending = [];
  }
}

const NOBODY = { patientId: '', studyInstanceUid: '', seriesInstanceUid: '', sopInstanceUid: '' };
