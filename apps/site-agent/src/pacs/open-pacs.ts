import { DicomwebPacs } from './dicomweb/dicomweb-pacs.js';
import { HttpService } from './dicomweb/http.js';
import type { Pacs } from './pacs.js';
import type { Resolve } from './pinned-address.js';
import type { FetchRequest } from './request.js';

/**
 * A connection to the PACS of a request, in the language that its entry names.
 *
 * Errors   PACS_ADDRESS_DENIED, PACS_UNREACHABLE (no such name), CONFIG_INVALID (credentials, no receiver for C-MOVE).
 */
export async function openPacs(
  request: Pick<FetchRequest, 'root' | 'pacs' | 'pace' | 'receiver'>,
  signal: AbortSignal,
  resolve?: Resolve,
): Promise<Pacs> {
  const { root, pacs, pace } = request;
  if (pacs.dicomweb) {
    const site = { root, name: pacs.name, settings: pacs.dicomweb };
    return new DicomwebPacs(await HttpService.open(site, pace.associations, signal, resolve ? { resolve } : {}));
  }
  // Loaded when it is needed: its library is large.
  const { DimsePacs } = await import('./dimse/dimse-pacs.js');
  const site = { root, name: pacs.name, settings: pacs.dimse!, receiver: request.receiver };
  return DimsePacs.open(site, signal, resolve);
}
