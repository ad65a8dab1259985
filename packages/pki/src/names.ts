import { ConsiliumError } from '@consilium/errors';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** The name of a site in its certificate: `consilium://<federation>/site/<site id>`. */
export function siteUri(federation: string, siteId: string): string {
  return `consilium://${checkedName(federation)}/site/${checkedName(siteId)}`;
}

/** A federation's or site's name: lower-case words and digits joined by hyphens, at most 64 characters. */
export function checkedName(name: string): string {
  if (!NAME.test(name) || name.length > 64) throw new ConsiliumError('CERTIFICATE_INVALID', { name });
  return name;
}
