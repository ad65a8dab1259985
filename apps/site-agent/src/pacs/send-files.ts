import { errorCode } from '@consilium/errors';
import { inParallel } from './in-parallel.js';
import { identifyFile } from './inbox/identify.js';
import { openPacs } from './open-pacs.js';
import { Patience, patiently } from './patience.js';
import type { FetchRequest, SendResult } from './request.js';

const FILES_AT_ONCE = 50;
const PATIENCE_MS = 60_000;

/**
 * Sends Part-10 files to a PACS, by STOW-RS or C-STORE as its entry says. A file that is not DICOM, or that the PACS does
 * not take, is named in the result and does not end the rest. Sending a file again is harmless: it is the same instance.
 *
 * Errors   as `openPacs`; PACS_UNREACHABLE, PACS_DENIED, STOPPED.
 */
export async function sendToPacs(
  request: Pick<FetchRequest, 'root' | 'pacs' | 'pace' | 'receiver'>,
  files: readonly string[],
  signal: AbortSignal,
  onSent: (count: number) => void = () => {},
): Promise<SendResult> {
  const refused: { file: string; reason: string }[] = [];
  const good: string[] = [];
  for (const file of files) {
    const reason = await problemOf(file);
    if (reason === '') good.push(file);
    else refused.push({ file, reason });
  }
  const batches = Array.from({ length: Math.ceil(good.length / FILES_AT_ONCE) }, (_, i) =>
    good.slice(i * FILES_AT_ONCE, (i + 1) * FILES_AT_ONCE),
  );
  const pacs = await openPacs(request, signal);
  let sent = 0;
  try {
    await inParallel(request.pace.associations, batches, signal, async (batch, either) => {
      const reasons = await patiently(new Patience(PATIENCE_MS), either, () => pacs.send(batch, either));
      reasons.forEach((reason, i) => {
        if (reason === '') sent++;
        else refused.push({ file: batch[i]!, reason });
      });
      onSent(sent);
    });
  } finally {
    await pacs.close();
  }
  return { sent, refused };
}

async function problemOf(file: string): Promise<string> {
  try {
    await identifyFile(file);
    return '';
  } catch (error) {
    return errorCode(error) === 'PACS_ANSWER_INVALID' ? 'not DICOM' : 'it cannot be read';
  }
}
