import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TlsIdentity, type Validity, validityOf } from '@consilium/grpc';
import type { Logger } from './logger.js';
import type { SiteFolder } from './site-folder.js';

const LOOK_EVERY_MS = 86_400_000;

/** Until when the certificates of a site's folder are valid. Errors  CERTIFICATE_INVALID, or of the file system. */
export function certificatesOf(folder: Pick<SiteFolder, 'tls'>): Validity[] {
  const read = (name: string) => readFileSync(join(folder.tls, name), 'utf8');
  return validityOf({ ca: read('ca.pem'), certificate: read('site.pem') });
}

/** "valid until 2027-12-01, 364 days". */
export function validityText({ until, daysLeft, state }: Validity): string {
  const date = until.toISOString().slice(0, 10);
  if (state === 'expired') return `EXPIRED on ${date}: ${ADVICE}`;
  const valid = `valid until ${date}, ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}`;
  return state === 'warned' ? `${valid}: ${ADVICE}` : valid;
}

const ADVICE = 'ask the operator of the coordinator for a new one, and put its tls/ here';

/** Says in the log until when the certificates are valid: once, and every day when it is less than thirty. Ends with `stop`. */
export function watchCertificates(tls: TlsIdentity, logger: Logger): { stop(): void } {
  const look = (isFirst: boolean) => {
    for (const validity of validityOf(tls)) {
      const { what, until, daysLeft, state } = validity;
      const fields = { what, until, daysLeft };
      if (state !== 'valid')
        logger.warn(fields, `the ${what} ${state === 'expired' ? 'has expired' : 'expires'}: ${ADVICE}`);
      else if (isFirst) logger.info(fields, `the ${what} is valid`);
    }
  };
  look(true);
  const timer = setInterval(() => look(false), LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
