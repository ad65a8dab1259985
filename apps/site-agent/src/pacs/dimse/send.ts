import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import dimse from 'dcmjs-dimse';
import { type Identity, identifyFile } from '../inbox/identify.js';
import { isUnavailable } from '../patience.js';
import { MOST_PROPOSALS, type Peer, type Proposal, withAssociation } from './associate.js';
import { dataPdus } from './data-pdus.js';
import { type Association, type Link } from './link.js';

const READ_BYTES = 256 * 1024;

/** Names an object to the library, which would write it anew, and not the same: its bytes go out behind the command. */
class NamedDataset extends dimse.Dataset {
  constructor({ sopClassUid, sopUid, transferSyntaxUid }: Identity) {
    super({ SOPClassUID: sopClassUid, SOPInstanceUID: sopUid }, transferSyntaxUid);
  }

  override getDenaturalizedDataset(): Buffer {
    return Buffer.alloc(0);
  }
}

/**
 * Sends Part-10 files (C-STORE) over one association after the other, as many as their kinds need; answers the reason of
 * each refusal, '' for files that were taken. Bytes go out as they are in the file.
 *
 * Errors   as `withAssociation`; PACS_ANSWER_INVALID for a file that is not DICOM.
 */
export async function storeFiles(peer: Peer, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  const identities = await Promise.all(files.map((file) => identifyFile(file)));
  const reasons = new Array<string>(files.length).fill('');
  for (const { proposals, indexes } of groupsOf(identities)) {
    const left = indexes.map((index) => ({ index, failures: 0 }));
    while (left.length > 0) await storeSome(peer, proposals, files, left, reasons, signal);
  }
  return reasons;
}

/** Takes off `left` what is done. A file at which the PACS breaks off twice is not tried a third time. */
async function storeSome(
  peer: Peer,
  proposals: readonly Proposal[],
  files: readonly string[],
  left: { readonly index: number; failures: number }[],
  reasons: string[],
  signal: AbortSignal,
): Promise<void> {
  let isUnderWay = false;
  try {
    await withAssociation(peer, proposals, signal, async (link, association) => {
      for (; left.length > 0; left.shift()) {
        isUnderWay = true;
        reasons[left[0]!.index] = await storeOne(link, association, files[left[0]!.index]!);
        isUnderWay = false;
      }
    });
  } catch (error) {
    if (!isUnderWay || !isUnavailable(error)) throw error;
    left[0]!.failures++;
    if (left[0]!.failures < 2) return;
    reasons[left.shift()!.index] = 'the PACS breaks off at it';
  }
}

/** Files whose kinds fit into one association. */
function groupsOf(identities: readonly Identity[]): { proposals: Proposal[]; indexes: number[] }[] {
  const groups: { proposals: Proposal[]; indexes: number[]; kinds: Set<string> }[] = [];
  identities.forEach(({ sopClassUid, transferSyntaxUid }, index) => {
    const kind = `${sopClassUid} ${transferSyntaxUid}`;
    let group = groups.find(({ kinds }) => kinds.has(kind)) ?? groups.at(-1);
    if (!group || (!group.kinds.has(kind) && group.kinds.size === MOST_PROPOSALS)) {
      group = { proposals: [], indexes: [], kinds: new Set() };
      groups.push(group);
    }
    if (!group.kinds.has(kind))
      group.proposals.push({ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] });
    group.kinds.add(kind);
    group.indexes.push(index);
  });
  return groups;
}

async function storeOne(link: Link, association: Association, path: string): Promise<string> {
  const identity = await identifyFile(path);
  const request = new dimse.requests.CStoreRequest(new NamedDataset(identity));
  const context = association.getAcceptedPresentationContextFromRequest(request);
  if (context?.getAcceptedTransferSyntaxUid() !== identity.transferSyntaxUid)
    return 'the PACS does not take objects of this kind';
  const { size } = await stat(path);
  const answered = link.ask(association, request);
  answered.catch(() => {}); // it is awaited below
  const bytes = createReadStream(path, { start: identity.dataSetAt, end: size - 1, highWaterMark: READ_BYTES });
  const id = context.getPresentationContextId();
  await link.write(dataPdus(id, bytes, size - identity.dataSetAt, association.getMaxPduLength()));
  const status = (await answered).getStatus();
  // 0000, and warnings: stored, though not every element was kept as it is.
  return status === 0 || (status & 0xf000) === 0xb000 ? '' : `status ${status.toString(16).padStart(4, '0')}`;
}
