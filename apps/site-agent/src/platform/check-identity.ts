import { createPrivateKey, X509Certificate } from 'node:crypto';
import { errorCode } from '@consilium/errors';
import { siteIdentityIn, type TlsIdentity } from '@consilium/grpc';

export interface NamedIdentity {
  readonly federation: string;
  readonly siteId: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Everything about who this site is that can be seen without asking anybody, so that a mixed-up folder ends here, before a byte of
 * it reaches the coordinator. Answers the problems, by file; none when the files belong together and to site.json.
 */
export function identityProblems(tls: TlsIdentity, settings: NamedIdentity | undefined, now = new Date()): string[] {
  const certificate = parsed(() => new X509Certificate(tls.certificate));
  const key = parsed(() => createPrivateKey(tls.key));
  const authorities = tls.ca.match(PEM)?.map((pem) => parsed(() => new X509Certificate(pem))) ?? [];
  const problems: string[] = [];
  if (!certificate) problems.push('tls/site.pem: no certificate that can be read');
  if (!key) problems.push('tls/site.key: no private key that can be read');
  const known = authorities.filter((authority) => authority !== undefined);
  if (known.length === 0 || known.length < authorities.length)
    problems.push('tls/ca.pem: no certificate that can be read');
  if (!certificate) return problems;
  if (settings) problems.push(...nameProblems(certificate, settings));
  if (key && !certificate.checkPrivateKey(key)) problems.push('tls/site.key: is not the key of tls/site.pem');
  if (known.length > 0 && !known.some((authority) => certificate.verify(authority.publicKey)))
    problems.push('tls/site.pem: was not issued by the authority in tls/ca.pem');
  // Its end has an error and a warning of its own (platform/certificates.ts).
  if (now < certificate.validFromDate)
    problems.push(`tls/site.pem: is valid from ${day(certificate.validFromDate)} on; is the clock right?`);
  return problems;
}

function nameProblems({ subjectAltName }: X509Certificate, settings: NamedIdentity): string[] {
  const isOf = (() => {
    try {
      return siteIdentityIn(subjectAltName);
    } catch (error) {
      if (errorCode(error) === 'SITE_UNKNOWN') return undefined;
      throw error;
    }
  })();
  if (!isOf) return ['tls/site.pem: names no site of a federation'];
  if (isOf.federation === settings.federation && isOf.siteId === settings.siteId) return [];
  const { federation, siteId } = settings;
  return [
    `tls/site.pem: is of site ${isOf.siteId} of ${isOf.federation}, and site.json is of site ${siteId} of ${federation}; nothing was sent`,
  ];
}

function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // what is wrong with it says nothing that a person could use
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
