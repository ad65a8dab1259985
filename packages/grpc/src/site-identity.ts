import { ConsiliumError } from '@consilium/errors';
import type { ServerCall } from './service-types.js';

export interface SiteIdentity {
  readonly federation: string;
  readonly siteId: string;
}

const NAME = '[a-z0-9]+(?:-[a-z0-9]+)*';
const SITE_URI = new RegExp(`^URI:consilium://(${NAME})/site/(${NAME})$`);

/**
 * Which site is calling: the SAN `URI:consilium://<federation>/site/<site id>` of its verified client certificate.
 *
 * Errors   SITE_UNKNOWN when the certificate has none or several of these names.
 */
export function siteIdentity(call: Pick<ServerCall, 'peerCertificate'>): SiteIdentity {
  return siteIdentityIn(call.peerCertificate?.subjectaltname);
}

/**
 * The same of a certificate's subject alternative names as Node writes them. It quotes names that hold a comma, so a name
 * cannot smuggle in a second one. Errors  SITE_UNKNOWN.
 */
export function siteIdentityIn(subjectAltName: string | undefined): SiteIdentity {
  const names = subjectAltName?.split(', ') ?? [];
  const found = names.filter((name) => name.startsWith('URI:consilium:') || name.startsWith('URI:"consilium:'));
  const match = found.length === 1 ? SITE_URI.exec(found[0]!) : null;
  if (!match) throw new ConsiliumError('SITE_UNKNOWN', { names: found.length });
  return { federation: match[1]!, siteId: match[2]! };
}
