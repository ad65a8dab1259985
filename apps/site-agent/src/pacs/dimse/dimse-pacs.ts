import { ConsiliumError, errorCode } from '@consilium/errors';
import dimse, { type requests, type responses } from 'dcmjs-dimse';
import { CredentialReader } from '../credentials.js';
import type { Counted, FoundInstance, FoundSeries, FoundStudy, Intake, Pacs, Portion } from '../pacs.js';
import { pinAddress, type Resolve } from '../pinned-address.js';
import type { StudyMatch } from '../query.js';
import type { DimseSettings, ReceiverSettings } from '../settings.js';
import { type Peer, type Proposal, withAssociation } from './associate.js';
import { identifierOf, imageRequest, seriesRequest, studyRequest, toInstance, toSeries, toStudy } from './find.js';
import { Receiver } from './receiver.js';
import { storeFiles } from './send.js';
import { storageProposals } from './storage-proposals.js';
import { IMPLICIT_LITTLE_ENDIAN } from './transfer-syntaxes.js';

export interface DimseSite {
  readonly root: string;
  readonly name: string;
  readonly settings: DimseSettings;
  readonly receiver: ReceiverSettings | undefined;
}

const { Verification, ...SOP_CLASS } = dimse.constants.SopClass;
const FIND = SOP_CLASS.StudyRootQueryRetrieveInformationModelFind;
const MOVE = SOP_CLASS.StudyRootQueryRetrieveInformationModelMove;
const GET = SOP_CLASS.StudyRootQueryRetrieveInformationModelGet;
/** While its objects come by another association, a PACS may say nothing on the one that asked for them. */
const MOVE_IDLE_MS = 3_600_000;
const MOVE_DESTINATION_UNKNOWN = 0xa801;
const NOT_AUTHORISED = new Set([0x0124, 0xa900]);

/** A PACS that speaks DIMSE (PS3.7). Each call is an association of its own. */
export class DimsePacs implements Pacs {
  private receiver: Promise<Receiver> | undefined;
  /** The receiver outlives a single retrieval. */
  private readonly life = new AbortController();

  private constructor(
    private readonly site: DimseSite,
    private readonly peer: Peer,
    private readonly resolve: Resolve | undefined,
  ) {}

  /** Errors  PACS_ADDRESS_DENIED, PACS_UNREACHABLE (no such name), CONFIG_INVALID. */
  static async open(site: DimseSite, signal: AbortSignal, resolve?: Resolve): Promise<DimsePacs> {
    const { settings } = site;
    if (settings.retrieve === 'move' && !site.receiver)
      throw new ConsiliumError('CONFIG_INVALID', { problem: 'site.json: receiver: C-MOVE needs one' });
    const credentials = new CredentialReader(site.root);
    const tls = settings.tls && credentials.tls(settings.tls);
    credentials.throwIfAny(site.name);
    const target = { host: settings.host, port: settings.port, allowLoopback: settings.allowLoopback ?? false };
    const address = await pinAddress(target, signal, resolve);
    const titles = { calledAeTitle: settings.aeTitle, callingAeTitle: settings.callingAeTitle };
    return new DimsePacs(site, { address, tls, ...titles }, resolve);
  }

  async echo(signal: AbortSignal): Promise<void> {
    const request = new dimse.requests.CEchoRequest();
    await withAssociation(this.peer, [plain(Verification)], signal, async (link, association) => {
      throwUnlessGood((await link.ask(association, request)).getStatus());
    });
  }

  async *studies(match: StudyMatch, limit: number | undefined, signal: AbortSignal): AsyncGenerator<FoundStudy> {
    const studies = await this.find(studyRequest(match), toStudy, signal, limit);
    yield* studies;
  }

  series({ studyUid }: Counted<'studyUid'>, signal: AbortSignal): Promise<FoundSeries[]> {
    return this.find(seriesRequest(studyUid), toSeries, signal);
  }

  instances({ studyUid, seriesUid }: Counted<'studyUid' | 'seriesUid'>, signal: AbortSignal): Promise<FoundInstance[]> {
    return this.find(imageRequest(studyUid, seriesUid), toInstance, signal);
  }

  async retrieve(portion: Portion, intake: Intake, signal: AbortSignal): Promise<void> {
    const ask = (some: Portion) =>
      this.site.settings.retrieve === 'move' ? this.move(some, intake, signal) : this.get(some, intake, signal);
    try {
      await ask(portion);
    } catch (error) {
      if (errorCode(error) !== 'PACS_REFUSED' || portion.isWhole || portion.instances.length === 1) throw error;
      // Not every PACS takes a list of instances, and one that it lacks may cost the others.
      await this.oneByOne(portion, ask);
    }
  }

  send(files: readonly string[], signal: AbortSignal): Promise<string[]> {
    return storeFiles(this.peer, files, signal);
  }

  async close(): Promise<void> {
    this.life.abort();
    await (await this.receiver?.catch(() => undefined))?.close(); // a failure to start was reported to who asked
  }

  private async oneByOne(portion: Portion, ask: (some: Portion) => Promise<void>): Promise<void> {
    const refusals: unknown[] = [];
    for (const instance of portion.instances)
      await ask({ ...portion, instances: [instance] }).catch((error) => {
        if (errorCode(error) !== 'PACS_REFUSED') throw error;
        refusals.push(error);
      });
    if (refusals.length === portion.instances.length) throw refusals[0];
  }

  private async find<T>(
    request: requests.CFindRequest,
    read: (answer: Readonly<Record<string, unknown>>) => T,
    signal: AbortSignal,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<T[]> {
    const found: T[] = [];
    await withAssociation(this.peer, [plain(FIND)], signal, async (link, association) => {
      const last = await link.ask(association, request, (answer) => {
        const identifier = identifierOf(answer);
        if (!identifier) return;
        if (found.length < limit) found.push(read(identifier));
        // What is asked of a large archive with a limit is not worth its whole answer.
        else if (found.length === limit) link.sendCancel(request);
      });
      if (last.getStatus() !== CANCELLED || found.length < limit) throwUnlessGood(last.getStatus());
    });
    return found;
  }

  private async get(portion: Portion, intake: Intake, signal: AbortSignal): Promise<void> {
    const classes = portion.instances.map(({ sopClassUid }) => sopClassUid);
    const proposals = [plain(GET), plain(FIND), ...storageProposals(classes, !portion.isWhole)];
    const request = dimse.requests.CGetRequest;
    const { studyUid, seriesUid, instances, isWhole } = portion;
    const asked = !isWhole
      ? request.createImageGetRequest(studyUid, seriesUid!, namesOf(instances))
      : seriesUid === undefined
        ? request.createStudyGetRequest(studyUid)
        : request.createSeriesGetRequest(studyUid, seriesUid);
    await withAssociation(
      this.peer,
      proposals,
      signal,
      async (link, association) => requireDone(await link.ask(association, asked)),
      { intake },
    );
  }

  private async move(portion: Portion, intake: Intake, signal: AbortSignal): Promise<void> {
    const receiver = await this.startReceiver();
    const { studyUid, seriesUid, instances, isWhole } = portion;
    const ours = receiver.aeTitle;
    const request = dimse.requests.CMoveRequest;
    const asked = !isWhole
      ? request.createImageMoveRequest(ours, studyUid, seriesUid!, namesOf(instances))
      : seriesUid === undefined
        ? request.createStudyMoveRequest(ours, studyUid)
        : request.createSeriesMoveRequest(ours, studyUid, seriesUid);
    const ask = (within: AbortSignal) =>
      withAssociation(
        this.peer,
        [plain(MOVE), plain(FIND)],
        within,
        async (link, association) => requireDone(await link.ask(association, asked)),
        { idleMs: MOVE_IDLE_MS },
      );
    await receiver.taking(intake, signal, ask);
  }

  /** The PACS that is asked is let in from the address that it was asked at. */
  private startReceiver(): Promise<Receiver> {
    const { root, receiver, settings } = this.site;
    const pacs = { aeTitle: settings.aeTitle, host: this.peer.address.ip };
    const withPacs = { ...receiver!, peers: [...receiver!.peers, pacs] };
    this.receiver ??= Receiver.start(
      { root, settings: withPacs, answerWhen: 'received' },
      this.life.signal,
      this.resolve,
    );
    return this.receiver;
  }
}

const CANCELLED = 0xfe00;

function plain(abstractSyntaxUid: string): Proposal {
  return { abstractSyntaxUid, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] };
}

/** A list, which the library joins: what it takes for one value it cuts at 64 characters. */
function namesOf(instances: readonly FoundInstance[]): string {
  return instances.map(({ sopUid }) => sopUid) as unknown as string;
}

/** Warnings (some sub-operations failed) are for the ledger to see: what has not arrived is missing there. */
function requireDone(answer: responses.Response): void {
  const status = answer.getStatus();
  if ((status & 0xf000) !== 0xb000) throwUnlessGood(status);
}

function throwUnlessGood(status: number): void {
  if (status === 0) return;
  const detail = { status: status.toString(16).padStart(4, '0') };
  if (status === MOVE_DESTINATION_UNKNOWN)
    throw new ConsiliumError('PACS_DENIED', { problem: 'it does not know where this site receives', ...detail });
  if (NOT_AUTHORISED.has(status)) throw new ConsiliumError('PACS_DENIED', detail);
  // Out of resources passes; that some of an answer could not be sent does not.
  const isBusy = status === 0xa700 || status === 0xa701;
  throw new ConsiliumError(isBusy ? 'PACS_UNREACHABLE' : 'PACS_REFUSED', detail);
}
