import { randomUUID } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import { VOCABULARY_VERSION } from '@consilium/plan';
import type { HelloResponse } from '@consilium/proto';
import { CoordinatorLink } from './connection/coordinator-link.js';
import { DatasetStore } from './datasets/dataset-store.js';
import type { SiteConfig } from './platform/config.js';
import type { Logger } from './platform/logger.js';
import { throwIfStopped } from './platform/stopping.js';
import { limitsOf } from './preprocessing/cache-room.js';
import { TensorCache } from './preprocessing/tensor-cache.js';
import { pruneWeights } from './rounds/housekeeping.js';
import { workUntilStopped } from './rounds/work-loop.js';
import { FolderLock } from './state/folder-lock.js';
import { offeredDatasets } from './state/offered-datasets.js';
import { openSiteState, type SiteState } from './state/site-state.js';
import { Trainer, type TrainerOptions } from './trainer/trainer.js';
import { WeightStore } from './weights/weight-store.js';

export const AGENT_VERSION = '0.1.0';

export interface AgentOptions {
  readonly logger: Logger;
  /** The folder is locked and everything is open; the coordinator may still be away. */
  readonly onReady?: () => void;
  readonly onConnected?: () => void;
  readonly trainerEntry?: NonNullable<TrainerOptions['entry']>;
}

/**
 * One life of a site's agent. Answers when it was stopped, or drained by the coordinator; nothing is left running then.
 *
 * Errors   ALREADY_RUNNING, CONFIG_INVALID, SITE_RUNNING_TWICE, SITE_UNKNOWN, COORDINATOR_LOG_BEHIND,
 *          CERTIFICATE_INVALID, CERTIFICATE_EXPIRED.
 */
export async function runAgent(config: SiteConfig, options: AgentOptions, signal: AbortSignal): Promise<void> {
  const lock = FolderLock.take(config.folder.lock);
  const state = openSiteState(config.folder.state);
  const { logger } = options;
  const trainer = new Trainer({
    backEnd: config.backEnd,
    threads: config.threads,
    memoryLimitBytes: config.memoryLimitBytes,
    logger,
    ...(options.trainerEntry && { entry: options.trainerEntry }),
  });
  const link = openLink(config, state, options);
  const endTrainer = () => trainer.close();
  signal.addEventListener('abort', endTrainer);
  try {
    const datasets = new DatasetStore(config.folder.datasets);
    const weights = new WeightStore(config.folder.weights);
    const tensors = new TensorCache(
      config.folder.tensors,
      datasets,
      limitsOf({ maximum: config.tensorCache.maximumGibibytes, free: config.tensorCache.freeGibibytes }),
    );
    const { siteId, folder, maximumParameters, reach } = config;
    state.facts.setActivity({ state: 'connecting' });
    await pruneWeights({ state, weights });
    options.onReady?.();
    const stores = { state, datasets, tensors, weights };
    await workUntilStopped({ siteId, folder, maximumParameters, link, ...stores, trainer, logger, reach }, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throwIfStopped(link.fatalSignal);
  } finally {
    signal.removeEventListener('abort', endTrainer);
    trainer.close();
    link.close();
    state.close();
    lock.release();
  }
}

function openLink(config: SiteConfig, state: SiteState, options: AgentOptions): CoordinatorLink {
  const startCount = state.facts.countStart();
  const instanceId = randomUUID();
  const hello = () => {
    const last = state.outbox.lastReceiptAuditIndex();
    return {
      federation: config.federation,
      siteId: config.siteId,
      instanceId,
      startCount: BigInt(startCount),
      agentVersion: AGENT_VERSION,
      vocabularyVersion: VOCABULARY_VERSION,
      backEnds: [{ name: config.backEnd ?? 'wasm', threads: config.threads ?? 0 }],
      datasets: offeredDatasets(state).map(({ name, version, summary }) => ({
        name,
        version,
        train: BigInt(summary.train),
        validation: BigInt(summary.validation),
        test: BigInt(summary.test),
      })),
      ...(last !== undefined && { lastReceiptAuditIndex: BigInt(last) }),
    };
  };
  const onHello = (answer: HelloResponse) => {
    requireOwnFederation(config, answer);
    requireLogAhead(answer, state.outbox.lastReceiptAuditIndex());
    options.onConnected?.();
  };
  const { coordinator: addresses, tls } = config;
  return new CoordinatorLink({ addresses, tls, instanceId, hello, onHello, logger: options.logger });
}

/** Who this site is stands in its certificate; site.json must say the same, or someone has mixed up two folders. */
function requireOwnFederation(config: SiteConfig, { federation, siteId }: HelloResponse): void {
  if (federation === config.federation && siteId === config.siteId) return;
  throw new ConsiliumError('CERTIFICATE_INVALID', { certificate: `${federation}/${siteId}`, settings: config.siteId });
}

function requireLogAhead({ auditSize }: HelloResponse, lastReceipt: number | undefined): void {
  if (lastReceipt === undefined || Number(auditSize) > lastReceipt) return;
  throw new ConsiliumError('COORDINATOR_LOG_BEHIND', { auditSize: Number(auditSize), lastReceipt });
}
