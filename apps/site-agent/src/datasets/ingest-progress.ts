/** How far a reading is; a command shows it. */
export interface IngestState {
  readonly phase: 'headers' | 'pictures';
  readonly done: number;
  readonly files: number;
  readonly usable: number;
  readonly setAside: number;
  /** Files that an earlier reading had read; they say nothing about the speed. */
  readonly kept: number;
}

/** Told after every file; must be cheap. */
export type IngestProgress = (state: IngestState) => void;
