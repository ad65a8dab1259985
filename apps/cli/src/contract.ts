/** What the coordinator's person-facing HTTP answers; see its OpenAPI document at /api/openapi.json. */
export interface SiteView {
  readonly id: string;
  readonly connected: boolean;
  readonly lastSeenAt: string | null;
  readonly agentVersion: string;
  readonly backEnds: readonly { readonly name: string; readonly threads: number }[];
  readonly datasets: readonly DatasetView[];
}

export interface DatasetView {
  readonly name: string;
  readonly version: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export interface PlanView {
  readonly hash: string;
  readonly prose: string;
}

export type Metrics = Readonly<Record<string, number | null>>;

/** How far figures that are computed from bins may be from those of the model's own scores; others have none. */
export type Bounds = Readonly<Record<string, number>>;

export interface SiteMetrics {
  readonly site: string;
  readonly examples: number;
  readonly metrics: Metrics;
  readonly bounds: Bounds;
  /** Why there are none. */
  readonly problem: string | null;
}

export interface ParticipationView {
  readonly site: string;
  readonly state: string;
  readonly stage: string | null;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

export interface RoundView {
  readonly number: number;
  readonly state: string;
  readonly waitsFor: string | null;
  readonly startedAt: string | null;
  readonly closedAt: string | null;
  readonly modelDigest: string | null;
  readonly candidateDigest: string | null;
  readonly missing: readonly string[];
  readonly refused: readonly { readonly site: string; readonly code: string }[];
  readonly abortedBecause: string | null;
  readonly participations: readonly ParticipationView[];
  /** What each update counts for; `limited` says what the plan's bounds took from it. */
  readonly weights: readonly {
    readonly site: string;
    readonly exampleShare: number;
    readonly share: number;
    readonly deltaNorm: number;
    readonly clippedNorm: number;
    readonly limited: string | null;
  }[];
  readonly validation: {
    readonly metrics: Metrics;
    readonly bounds: Bounds;
    readonly examples: number;
    readonly sites: readonly SiteMetrics[];
    /** Why there are no metrics of all sites. */
    readonly problem: string | null;
  } | null;
  /** Sites of which the figures are not, and why. */
  readonly unevaluated: readonly { readonly site: string; readonly code: string }[];
}

export interface RunView {
  readonly id: string;
  readonly planName: string;
  readonly planHash: string;
  readonly strategy: string;
  readonly state: string;
  readonly reason: string | null;
  /** Why the coordinator cannot show the run whole. */
  readonly problem: string | null;
  readonly waitsFor: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly participants: readonly {
    readonly site: string;
    readonly state: string;
    readonly datasetVersion: string | null;
    readonly exampleCount: number | null;
    readonly reason: string | null;
  }[];
  readonly rounds: readonly RoundView[];
  readonly roundsPlanned: number;
  readonly initialModelDigest: string | null;
  readonly finalModels: readonly { readonly site: string | null; readonly digest: string }[];
  readonly evaluations: { readonly done: number; readonly total: number };
}

/** A model of the registry, and the places that it came from. */
export interface ModelView {
  readonly digest: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly versions: readonly {
    readonly runId: string;
    readonly planName: string;
    readonly round: number;
    readonly origin: string;
    readonly site: string | null;
  }[];
}

/** What a run would be; nothing has been stored. */
export interface RunOutlook {
  readonly prose: string;
  readonly hash: string;
  readonly sites: readonly string[];
  readonly parameters: number;
}

export interface ModelResult {
  readonly digest: string;
  readonly origin: 'initial' | 'global' | 'local';
  readonly site: string | null;
  readonly round: number;
  readonly sites: readonly SiteMetrics[];
  /** Asked, and without a result: `overall` is without them. */
  readonly missing: readonly string[];
  readonly overall: {
    readonly examples: number;
    readonly metrics: Metrics;
    readonly bounds: Bounds;
    readonly problem: string | null;
  };
}

/** Figures on the split `test`, read once, after the last round; overall from added statistics. */
export interface RunResults {
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly models: readonly ModelResult[];
}

const ENDED = ['completed', 'failed', 'aborted'];

export function hasEnded(run: Pick<RunView, 'state'>): boolean {
  return ENDED.includes(run.state);
}
