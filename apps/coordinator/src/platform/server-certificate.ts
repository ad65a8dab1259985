import { type TlsIdentity, type Validity, validityOf } from '@consilium/grpc';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from './logger.js';

const REMIND_EVERY_MS = 86_400_000;

/** The certificate that sites are shown: until when it is valid, and who says so. */
@Injectable()
export class ServerCertificate {
  private tls: TlsIdentity | null = null;
  private remindedAtMs = 0;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  get pem(): string | undefined {
    return this.tls?.certificate;
  }

  /** Errors  CERTIFICATE_INVALID. */
  take(tls: TlsIdentity): void {
    const [own] = validityOf(tls);
    this.logger.info({ until: own!.until, daysLeft: own!.daysLeft }, 'certificate in use');
    this.tls = tls;
    this.remindedAtMs = 0;
    this.remind();
  }

  /** Once a day, from thirty days before the end on. */
  remind(): void {
    if (Date.now() - this.remindedAtMs < REMIND_EVERY_MS) return;
    this.remindedAtMs = Date.now();
    for (const sentence of this.warnings()) this.logger.warn({}, sentence);
  }

  /** What a person has to know of it; nothing as long as all is well. */
  warnings(now = new Date()): string[] {
    if (this.tls === null) return [];
    return validityOf(this.tls, now)
      .filter(({ state }) => state !== 'valid')
      .map(sentenceOf);
  }
}

function sentenceOf({ what, until, daysLeft, state }: Validity): string {
  const date = until.toISOString().slice(0, 10);
  const end = state === 'expired' ? `expired on ${date}` : `expires on ${date}, in ${daysLeft} days`;
  return what === 'certificate'
    ? `The coordinator's certificate ${end}: consilium up renews it.`
    : `The federation's certificate authority ${end}: every certificate ends with it. Make a new federation folder, and hand every site a new certificate.`;
}
