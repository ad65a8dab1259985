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
 * Node quotes names that hold a comma, so a name cannot smuggle in a second one.
 *
 * Errors   SITE_UNKNOWN when the certificate has none or several of these names.
 */
export function siteIdentity(call: Pick<ServerCall, 'peerCertificate'>): SiteIdentity {
  const names = call.peerCertificate?.subjectaltname?.split(', ') ?? [];
  const found = names.filter((name) => name.startsWith('URI:consilium:') || name.startsWith('URI:"consilium:'));
  const match = found.length === 1 ? SITE_URI.exec(found[0]!) : null;
  if (!match) throw new ConsiliumError('SITE_UNKNOWN', { names: found.length });
  return { federation: match[1]!, siteId: match[2]! };
}
