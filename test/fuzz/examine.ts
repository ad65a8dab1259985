import { readFileSync } from 'node:fs';
import {
  type AnnotatedImage,
  type Annotations,
  burnedInVerdict,
  DEFAULT_POLICY,
  deidentifyFile,
  type GreyPicture,
  readAnnotations,
  readBurnedInFacts,
  readElements,
} from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { AnnotatePool, DecodePool, ScanPool } from '@consilium/site-agent';

/** Codes that a file may be set aside with. */
const REASONS: ReadonlySet<string> = new Set([
  'DICOM_NOT_DICOM',
  'DICOM_TRUNCATED',
  'DICOM_UNSUPPORTED',
  'DICOM_NO_PIXELS',
  'DICOM_INVALID',
  'DICOM_TOO_LARGE',
  'DICOM_TIMEOUT',
  'DICOM_CODESTREAM_INVALID',
  'MASK_SIZE_MISMATCH',
]);

export interface Examined {
  /** Part of the agent, and `usable`, `not its kind`, or the code that the file is set aside with. */
  readonly outcomes: readonly (readonly [part: string, outcome: string])[];
  readonly ms: Readonly<Record<string, number>>;
  /** Time of the processor that a part kept this thread busy, and so the agent; parts in threads have limits of their own. */
  readonly busyMs: Readonly<Record<string, number>>;
  /** Errors that are none of those, or values that nobody can use. */
  readonly problems: readonly string[];
}

/** Lets every part of the agent that reads a file read this one, as the agent calls them. */
export async function examine(path: string, pool: DecodePool & ScanPool & AnnotatePool): Promise<Examined> {
  const watch = new Watch();
  await watch.run('header', async () => {
    await pool.scan(path, NEVER);
    return 'usable';
  });
  let picture: GreyPicture | undefined;
  await watch.run('decoding', async () => {
    picture = await decode(path, pool);
    return 'usable';
  });
  const bytes = readFileSync(path);
  await watch.runHere('de-identification', () => deidentify(bytes));
  if (picture !== undefined) {
    const looked = picture;
    await watch.runHere('text in pixels', () => verdictOn(looked, bytes));
  }
  let annotations: Annotations | undefined;
  await watch.runHere('annotations', () => {
    annotations = readAnnotations(bytes);
    return annotations === undefined ? 'not its kind' : 'usable';
  });
  if (annotations !== undefined) {
    for (const ask of questions(annotations)) await watch.runHere('masks and findings', ask);
    const images = imagesOf(annotations);
    await watch.run('labels of pictures', () => label(path, images, pool));
  }
  return watch;
}

const NEVER = new AbortController().signal;

class Watch implements Examined {
  readonly outcomes: [part: string, outcome: string][] = [];
  readonly ms: Record<string, number> = {};
  readonly busyMs: Record<string, number> = {};
  readonly problems: string[] = [];

  async run(part: string, work: () => Promise<string> | string): Promise<void> {
    const startMs = performance.now();
    try {
      this.outcomes.push([part, await work()]);
    } catch (error) {
      const code = error instanceof ConsiliumError ? error.code : 'another error';
      this.outcomes.push([part, code]);
      if (!REASONS.has(code)) this.problems.push(`${part}: ${textOf(error)}`);
    }
    this.ms[part] = Math.max(this.ms[part] ?? 0, performance.now() - startMs);
  }

  async runHere(part: string, work: () => string): Promise<void> {
    const startMs = threadMs();
    await this.run(part, work);
    this.busyMs[part] = Math.max(this.busyMs[part] ?? 0, threadMs() - startMs);
  }
}

/** Node 20 does not know the time of one thread: there the clock stands in. */
function threadMs(): number {
  if (process.threadCpuUsage === undefined) return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function decode(path: string, pool: DecodePool): Promise<GreyPicture> {
  const { frames, rows, columns } = await pool.read(path, NEVER);
  if (frames.length === 0 || frames.some(({ grey }) => grey.length !== rows * columns))
    throw new Error(`${frames.length} frames that are not of ${rows} x ${columns}`);
  return { grey: frames[0]!.grey, rows, columns };
}

async function label(path: string, images: readonly AnnotatedImage[], pool: AnnotatePool): Promise<string> {
  await pool.summarize(path, NEVER);
  const object = { path, placing: 'as-named' as const, coversAll: false };
  const { refused } = await pool.annotate({ objects: [object], choice: {}, images }, NEVER);
  if (refused.length > 0) throw new ConsiliumError(refused[0]!.code);
  return 'usable';
}

function verdictOn(picture: GreyPicture, bytes: Uint8Array): string {
  return burnedInVerdict(readBurnedInFacts(readElements(bytes).elements), [picture]).verdict;
}

const KEY = Buffer.alloc(32, 7);

/** What leaves must be a file again that a reader can read. */
function deidentify(bytes: Uint8Array): string {
  const { bytes: written } = deidentifyFile(bytes, { key: KEY, policy: DEFAULT_POLICY });
  readElements(written);
  return 'usable';
}

function questions(annotations: Annotations): (() => string)[] {
  return imagesOf(annotations).flatMap((image) => [
    () => {
      annotations.findingsOf(image);
      return 'usable';
    },
    ...annotations.structures.slice(0, 3).map((structure) => () => {
      const mask = annotations.maskOf(image, structure);
      if (mask === undefined) return 'not its kind';
      if (mask.length !== image.rows * image.columns || mask.some((value) => value > 1)) throw new Error('not a mask');
      return 'usable';
    }),
  ]);
}

/** Some pictures that the object names, with a plane and without. */
function imagesOf({ references, studyInstanceUid }: Annotations): AnnotatedImage[] {
  const plane = {
    positionMm: [-50, -30, 5],
    orientation: [1, 0, 0, 0, 1, 0],
    spacingMm: { row: 0.75, column: 0.5 },
  } as const;
  return references.slice(0, 3).flatMap(({ sopInstanceUid, frames }) =>
    [plane, undefined].map((where) => ({
      sopInstanceUid,
      studyInstanceUid,
      frame: frames?.[0] ?? 1,
      frameCount: 1,
      sliceGapMm: undefined,
      rows: 24,
      columns: 20,
      frameOfReferenceUid: undefined,
      plane: where,
    })),
  );
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `; because ${textOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
