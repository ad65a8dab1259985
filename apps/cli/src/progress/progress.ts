import type { RunView } from '../contract.js';

/** Shows what goes on: redrawn on a terminal, a line for each round elsewhere. */
export interface Progress {
  show(runs: readonly RunView[]): void;
  close(): void;
}
