/** What a peer may send before it is cut off; the library below collects whatever a length field announces. */
export interface PduLimits {
  readonly associationBytes: number;
  readonly dataBytes: number;
  /** One command set, over all of its fragments. */
  readonly commandBytes: number;
  /** One data set that is not stored but read into memory (an answer to C-FIND). */
  readonly identifierBytes: number;
}

export const PDU_LIMITS: PduLimits = {
  associationBytes: 256 * 1024,
  dataBytes: 1024 * 1024,
  commandBytes: 64 * 1024,
  identifierBytes: 1024 * 1024,
};

const PDU_HEADER_BYTES = 6;
const PDV_HEADER_BYTES = 6;
const LAST_PDU_TYPE = 7;
const DATA_PDU = 4;

/**
 * Follows the lengths of the PDUs and PDVs of one direction of a connection without holding any of it.
 *
 * Source   DICOM PS3.8 section 9.3.
 */
export class PduGuard {
  private header: number[] = [];
  private state: 'pdu' | 'pdv' | 'skip' = 'pdu';
  private pduLeft = 0;
  private skipLeft = 0;
  private message: { isCommand: boolean; length: number } = { isCommand: true, length: 0 };
  /** An object on its way to disk is limited by the disk's own rules. */
  isStoring = false;

  constructor(private readonly limits: PduLimits = PDU_LIMITS) {}

  /** True between the first and the last byte of a PDU. */
  get isInsidePdu(): boolean {
    return this.state !== 'pdu' || this.header.length > 0;
  }

  /** Why the peer must be cut off, if it must. */
  inspect(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.state === 'skip') {
        const skipped = Math.min(this.skipLeft, chunk.length - at);
        at += skipped;
        this.skipLeft -= skipped;
        if (this.skipLeft === 0) this.state = this.pduLeft > 0 ? 'pdv' : 'pdu';
        continue;
      }
      this.header.push(chunk[at++]!);
      if (this.header.length < (this.state === 'pdu' ? PDU_HEADER_BYTES : PDV_HEADER_BYTES)) continue;
      const problem = this.state === 'pdu' ? this.beginPdu() : this.beginPdv();
      this.header = [];
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  private beginPdu(): string | undefined {
    const type = this.header[0]!;
    const length = this.uint32(2);
    if (type < 1 || type > LAST_PDU_TYPE) return 'no PDU';
    if (length > (type === DATA_PDU ? this.limits.dataBytes : this.limits.associationBytes)) return 'a PDU too large';
    this.pduLeft = type === DATA_PDU ? length : 0;
    this.skipLeft = type === DATA_PDU ? 0 : length;
    if (type === DATA_PDU) this.state = length > 0 ? 'pdv' : 'pdu';
    else this.state = length > 0 ? 'skip' : 'pdu';
    return undefined;
  }

  private beginPdv(): string | undefined {
    const length = this.uint32(0);
    if (length < 2 || length + 4 > this.pduLeft) return 'a PDV that does not fit its PDU';
    const flags = this.header[5]!;
    this.pduLeft -= length + 4;
    this.skipLeft = length - 2;
    this.state = this.skipLeft > 0 ? 'skip' : this.pduLeft > 0 ? 'pdv' : 'pdu';
    const isCommand = (flags & 1) === 1;
    if (isCommand !== this.message.isCommand) this.message = { isCommand, length: 0 };
    this.message.length += length - 2;
    const most = isCommand ? this.limits.commandBytes : this.isStoring ? Infinity : this.limits.identifierBytes;
    if (this.message.length > most) return isCommand ? 'a command too large' : 'an answer too large';
    if ((flags & 2) === 2) this.message.length = 0;
    return undefined;
  }

  private uint32(at: number): number {
    const [a, b, c, d] = this.header.slice(at, at + 4) as [number, number, number, number];
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }
}
