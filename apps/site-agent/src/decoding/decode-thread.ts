import { parentPort } from 'node:worker_threads';
import { type Codecs, loadCodecs } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { annotator, summarizeAnnotations } from './annotate-pictures.js';
import { decodeFile } from './decode-file.js';
import type { DecodeAnswer, DecodeJob, FromThread } from './decode-messages.js';
import { describeFile } from './describe-file.js';
import { readWhole } from './read-whole.js';
import { scanFile } from './scan-file.js';

/** WebAssembly memory grows and never shrinks: after a picture of so many samples a fresh thread is cheaper. */
const LARGE_PICTURE_SAMPLES = 2 ** 24;

/** Of this thread so far; either is its end after the job. */
const use = { isLarge: false, isDamaged: false };
const codecs = watched(await loadCodecs());
const annotate = annotator(codecs);

/** A file at a time, from the disk to its pictures. Whatever is thrown that is not ours ends the thread. */
parentPort!.on('message', (job: DecodeJob) => {
  post({ kind: 'begun' }, []);
  try {
    const answer = answerTo(job);
    post({ kind: 'answer', answer, isSpent: use.isLarge || use.isDamaged }, buffersOf(answer));
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    const isSpent = use.isLarge || use.isDamaged;
    post({ kind: 'failed', code: error.code, detail: error.detail, isSpent }, []);
  }
});

function answerTo(job: DecodeJob): DecodeAnswer {
  if (job.kind === 'annotate') return { kind: 'annotated', annotated: annotate(job.question) };
  if (job.kind === 'summarize') return { kind: 'summarized', summary: summarizeAnnotations(job.path, codecs) };
  if (job.kind === 'scan') return { kind: 'scanned', scanned: scanFile(job.path) };
  const bytes = readWhole(job.path);
  if (job.kind === 'decode') return { kind: 'decoded', file: decodeFile(bytes, codecs, job.searchText) };
  return { kind: 'described', ...describeFile(bytes, codecs, job.pictures) };
}

function watched(loaded: Codecs): Codecs {
  return {
    decode(codec, stream, format) {
      use.isLarge ||= format.rows * format.columns * format.samples > LARGE_PICTURE_SAMPLES;
      try {
        return loaded.decode(codec, stream, format);
      } catch (error) {
        use.isDamaged = true;
        throw error;
      }
    },
  };
}

function post(message: FromThread, moved: ArrayBuffer[]): void {
  parentPort!.postMessage(message, moved);
}

function buffersOf(answer: DecodeAnswer): ArrayBuffer[] {
  if (answer.kind === 'scanned' || answer.kind === 'summarized') return [];
  if (answer.kind === 'annotated')
    return answer.annotated.images.flatMap(({ mask }) => (mask ? [mask.buffer as ArrayBuffer] : []));
  const pictures = answer.kind === 'decoded' ? answer.file.frames : answer.pictures;
  return pictures.map(({ grey }) => grey.buffer as ArrayBuffer);
}
