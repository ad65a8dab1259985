import { ConsiliumError } from '@consilium/errors';
import type { DicomwebSettings } from '../settings.js';

/**
 * The root of a DICOMweb service as its own parts. What the URL parser makes of the host is what is judged and dialled, so
 * that `0x7f.1` and `127.0.0.1` are the same.
 *
 * Errors   PACS_ADDRESS_DENIED.
 */
export function serviceUrl(settings: DicomwebSettings): { origin: string; host: string; port: number; path: string } {
  const url = URL.parse(settings.url);
  if (!url) throw denied('not a URL');
  if (url.username !== '' || url.password !== '') throw denied('user information in the URL');
  if (url.search !== '' || url.hash !== '') throw denied('a query or fragment in the URL');
  const isPlain = url.protocol === 'http:' && settings.allowPlainHttp === true;
  if (url.protocol !== 'https:' && !isPlain) throw denied('not https');
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { origin: url.origin, host, port, path: url.pathname.replace(/\/+$/, '') };
}

function denied(problem: string): ConsiliumError {
  return new ConsiliumError('PACS_ADDRESS_DENIED', { problem });
}
