import type { CoordinatorLink } from '../connection/coordinator-link.js';
import type { ProgressReporter } from '../connection/progress-reporter.js';
import type { DatasetStore } from '../datasets/dataset-store.js';
import type { KillPoint } from '../platform/config.js';
import type { Logger } from '../platform/logger.js';
import type { SiteFolder } from '../platform/site-folder.js';
import type { TensorCache } from '../preprocessing/tensor-cache.js';
import type { SiteState } from '../state/site-state.js';
import type { Trainer } from '../trainer/trainer.js';
import type { WeightStore } from '../weights/weight-store.js';

/** What one agent has for all its work; made once in agent.ts. Stages take the fields that they use. */
export interface Workshop {
  readonly siteId: string;
  readonly folder: SiteFolder;
  /** Most parameters of a model that this site trains. */
  readonly maximumParameters: number;
  readonly link: CoordinatorLink;
  readonly state: SiteState;
  readonly datasets: DatasetStore;
  readonly tensors: TensorCache;
  readonly weights: WeightStore;
  readonly trainer: Trainer;
  readonly logger: Logger;
  readonly reach: (point: KillPoint) => void;
}

/** The stages of one assignment: the workshop, and whom to tell how it goes. */
export interface Work extends Workshop {
  readonly progress: ProgressReporter;
}
