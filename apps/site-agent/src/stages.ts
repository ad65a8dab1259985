import type { Plan } from '@consilium/plan';
import type { Manifest } from '@consilium/tensors';
import type { DatasetSummary } from './datasets/dataset-index.js';
import type { CleanPicture, DatasetRequest, DerivedUse, KeptPicture, Part, RawPicture } from './datasets/image.js';
import type { IngestLedger } from './datasets/ingest-ledger.js';
import type { IngestReport } from './datasets/ingest-report.js';
import type { TensorFile } from './preprocessing/tensor-file.js';

/** A value that only the named stage can make. The symbol is not exported, so nobody can forge one. */
declare const stage: unique symbol;
type From<S extends string> = { readonly [stage]: S };

/**
 * The hospital's own pictures with everything that their files say, and those that an earlier reading has stored without it;
 * one file at a time, so that no folder is too large.
 */
export type RawStudies = {
  readonly images: AsyncIterable<RawPicture | KeptPicture>;
  readonly ledger: IngestLedger;
  readonly classes: readonly string[] | undefined;
  /** Absolute: it may name anything, and is only ever hashed. */
  readonly folder: string;
  readonly derived: DerivedUse;
} & From<'ingest'>;

/** The same pictures with an allow-list of facts and keyed pseudonyms. */
export type CleanStudies = {
  readonly images: AsyncIterable<CleanPicture>;
  readonly ledger: IngestLedger;
  readonly classes: readonly string[] | undefined;
  readonly folder: string;
  readonly derived: DerivedUse;
} & From<'deidentify'>;

export type DatasetVersion = {
  readonly version: string;
  readonly summary: DatasetSummary;
  readonly report: IngestReport;
  /** Patient -> part: what later versions of the dataset keep to. */
  readonly parts: ReadonlyMap<string, Part>;
} & From<'assemble'>;

/** What a round asks of this site. The plan is the one that the site has accepted, not one that came with the work. */
export interface Assignment {
  readonly runId: string;
  readonly round: number;
  readonly plan: Plan;
  readonly datasetVersion: string;
  readonly modelDigest: string;
  readonly model: Manifest;
  readonly baseRound: number;
  /** Rounds of the run that have closed before. */
  readonly closedRounds: number;
}

/** The examples as the model sees them and the weights to start from, both on the site's disk. */
export type OpenedDataset = {
  readonly examples: TensorFile;
  readonly basePaths: readonly string[];
} & From<'open'>;

export type LocalDelta = {
  readonly values: Float32Array;
  readonly exampleCount: number;
  readonly localSteps: number;
  readonly trainingLoss: number;
} & From<'train'>;

/** An update in the outbox: checked, and on disk with its row before anything of it is sent. */
export type ProtectedUpdate = {
  readonly updateId: string;
  readonly runId: string;
  readonly round: number;
  readonly manifest: Manifest;
  readonly exampleCount: number;
  readonly localSteps: number;
  readonly baseModelDigest: string;
  readonly baseRound: number;
  readonly trainingLoss: number;
  readonly deltaNorm: number;
} & From<'protect'>;

export interface Receipt {
  readonly id: string;
  readonly auditIndex: number;
  readonly auditLeafHash: Uint8Array;
}

/** Once per dataset version, long before any round. */
export interface PreparationStages {
  ingest(request: DatasetRequest, signal: AbortSignal): Promise<RawStudies>;
  deidentify(studies: RawStudies, signal: AbortSignal): Promise<CleanStudies>;
  assemble(studies: CleanStudies, signal: AbortSignal): Promise<DatasetVersion>;
}

/** Once per round. No DICOM is read here. */
export interface RoundStages {
  /** The update that an earlier life of this agent has booked for the same round and base, if there is one. */
  recall(a: Assignment, signal: AbortSignal): Promise<ProtectedUpdate | undefined>;
  open(a: Assignment, signal: AbortSignal): Promise<OpenedDataset>;
  train(dataset: OpenedDataset, a: Assignment, signal: AbortSignal): Promise<LocalDelta>;
  protect(delta: LocalDelta, a: Assignment, signal: AbortSignal): Promise<ProtectedUpdate>;
  submit(update: ProtectedUpdate, signal: AbortSignal): Promise<Receipt>;
}
