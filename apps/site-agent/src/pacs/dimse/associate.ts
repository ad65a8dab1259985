import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConsiliumError } from '@consilium/errors';
import dimse from 'dcmjs-dimse';
import type { TlsMaterial } from '../credentials.js';
import { networkError } from '../network-error.js';
import type { Intake } from '../pacs.js';
import type { PinnedAddress } from '../pinned-address.js';
import { type Association, Link } from './link.js';

/** A service that is proposed; the PACS accepts one of its transfer syntaxes, or none. */
export interface Proposal {
  readonly abstractSyntaxUid: string;
  readonly transferSyntaxUids: readonly string[];
  /** We take the objects, the PACS sends them (C-GET). */
  readonly areWeStoring?: boolean;
}

export interface Peer {
  readonly address: PinnedAddress;
  readonly tls: TlsMaterial | undefined;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
}

const CONNECT_MS = 15_000;
/** Until the PACS has accepted, or rejected. */
const ASSOCIATE_MS = 30_000;
const IDLE_MS = 300_000;
const RELEASE_MS = 2_000;
/** Identifiers of presentation contexts are odd and below 256. */
export const MOST_PROPOSALS = 128;

/** Rejections that pass (PS3.8 table 9-21): everything transient, and congestion. */
const TRANSIENT = 2;

/**
 * An association for `work`, released after it. A failure or the signal aborts it.
 *
 * Errors   PACS_UNREACHABLE, PACS_DENIED (rejected, or TLS does not fit), PACS_ANSWER_INVALID, STOPPED; what `work` throws.
 */
export async function withAssociation<T>(
  peer: Peer,
  proposals: readonly Proposal[],
  signal: AbortSignal,
  work: (link: Link, association: Association) => Promise<T>,
  { intake, idleMs = IDLE_MS }: { readonly intake?: Intake; readonly idleMs?: number } = {},
): Promise<T> {
  const socket = await dial(peer, signal);
  const link = new Link(socket, { idleMs, answerWhen: 'received', ...(intake ? { intake } : {}) }, signal);
  try {
    const association = await negotiate(link, peer, proposals);
    const result = await work(link, association);
    await link.booked();
    await release(link);
    return result;
  } catch (error) {
    link.abortWith(error);
    throw error;
  } finally {
    await link.closed();
  }
}

async function dial({ address, tls }: Peer, signal: AbortSignal): Promise<Socket> {
  const options = { host: address.ip, port: address.port };
  const socket = tls
    ? connectTls({
        ...options,
        // The certificate is for the name of the settings, whatever address it was found at.
        ...(isIP(address.host) ? {} : { servername: address.host }),
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
      })
    : connect(options);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = () => reject(new ConsiliumError('PACS_UNREACHABLE', { network: 'timeout' }));
      if (limit.aborted) stop();
      limit.addEventListener('abort', stop, { once: true });
      socket.once(tls ? 'secureConnect' : 'connect', resolve).once('error', reject);
      socket.once('close', () => reject(new ConsiliumError('PACS_UNREACHABLE', { network: 'closed' })));
    });
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw networkError(error, signal);
  }
}

async function negotiate(link: Link, peer: Peer, proposals: readonly Proposal[]): Promise<Association> {
  const association = new dimse.association.Association(peer.callingAeTitle, peer.calledAeTitle);
  const storing = new Set<string>();
  for (const { abstractSyntaxUid, transferSyntaxUids, areWeStoring } of proposals) {
    const id = association.addPresentationContext(abstractSyntaxUid);
    for (const uid of transferSyntaxUids) association.addTransferSyntaxToPresentationContext(id, uid);
    // The role is of the service, not of the context: it is said once.
    if (areWeStoring && !storing.has(abstractSyntaxUid)) {
      association.getPresentationContext(id).setUserRole(true);
      association.getPresentationContext(id).setProviderRole(true);
      storing.add(abstractSyntaxUid);
    }
  }
  const answered = new Promise<void>((resolve, reject) => {
    link.on('associationAccepted', () => resolve());
    link.on('associationRejected', ({ result, source, reason }: Record<string, number>) => {
      const isTransient = result === TRANSIENT;
      reject(
        new ConsiliumError(isTransient ? 'PACS_UNREACHABLE' : 'PACS_DENIED', {
          result: result!,
          source: source!,
          reason: reason!,
        }),
      );
    });
  });
  link.sendAssociationRequest(association);
  const silence = setTimeout(
    () => link.abortWith(new ConsiliumError('PACS_UNREACHABLE', { network: 'timeout' })),
    ASSOCIATE_MS,
  );
  await link.untilFailure(answered).finally(() => clearTimeout(silence));
  return association;
}

/** What was asked for has been answered: a peer that does not release is left. */
async function release(link: Link): Promise<void> {
  const released = new Promise<void>((resolve) => {
    link.on('associationReleaseResponse', () => resolve());
    setTimeout(resolve, RELEASE_MS).unref();
  });
  link.sendAssociationReleaseRequest();
  await link.untilFailure(released).catch(() => {}); // closing without an answer is as good
  link.fail(new ConsiliumError('PACS_UNREACHABLE', { problem: 'the association was released' }));
}
