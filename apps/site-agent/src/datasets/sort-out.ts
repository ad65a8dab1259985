import type { DatasetIndex } from './dataset-index.js';
import { DuplicateCheck, type SeenPicture } from './duplicate-check.js';
import type { IngestLedger } from './ingest-ledger.js';
import type { NotSlices } from './not-slices.js';

/** An example of a file that is being read. */
interface OfFile {
  readonly from: { readonly ordinal: number; readonly frame: number } | undefined;
}

/** Without projections, sheets and the like: whole files, or frames of files of which others are slices. */
export function withoutNotSlices<T extends OfFile>(
  examples: readonly T[],
  notSlices: NotSlices,
  ledger: IngestLedger,
): T[] {
  const found = notSlices.found();
  const why = ({ from }: OfFile) => found.get(from!.ordinal)?.get(from!.frame);
  const kept = examples.filter((example) => why(example) === undefined);
  const files = new Set(kept.map(({ from }) => from!.ordinal));
  for (const example of examples) {
    const reason = why(example);
    if (reason === undefined) continue;
    if (files.has(example.from!.ordinal)) ledger.leaveOutFrame(reason);
    else ledger.setAside(example.from!.ordinal, reason);
  }
  return kept;
}

/** Of copies one stays; of those that contradict each other none, neither of this reading nor of the version before. */
export function withoutCopies<T extends OfFile>(
  examples: readonly T[],
  seen: readonly SeenPicture[],
  base: DatasetIndex | undefined,
  ledger: IngestLedger,
): { readonly kept: T[]; readonly ofBase: ReadonlySet<string> } {
  const files = new Set(examples.map(({ from }) => from!.ordinal));
  const check = new DuplicateCheck(base);
  for (const picture of seen) if (files.has(picture.ordinal!)) check.add(picture);
  const verdicts = check.verdicts();
  for (const [ordinal, { reason, other }] of verdicts.files) {
    ledger.setAside(ordinal, reason);
    if (other !== undefined) ledger.because.set(ordinal, other);
  }
  return { kept: examples.filter(({ from }) => !verdicts.files.has(from!.ordinal)), ofBase: verdicts.ofBase };
}
