import { type AgentOptions, runAgent } from '../agent.js';
import { watchCertificates } from '../platform/certificates.js';
import { type EngineSettings, readConfig } from '../platform/config.js';
import { readEnvironment } from '../platform/env.js';
import { createLogger, errorFields } from '../platform/logger.js';

/** A child or a socket that will not end must not keep a stopped agent alive. */
const LONGEST_STOP_MS = 1_500;

export interface StartOptions extends EngineSettings {
  readonly dir: string;
}

/** Runs until SIGTERM or SIGINT. Errors  those of `runAgent` and `readConfig`. */
export async function start(
  { dir, ...engine }: StartOptions,
  trainer: Pick<AgentOptions, 'trainerEntry'> = {},
): Promise<void> {
  const config = readConfig(dir, readEnvironment(), engine);
  const logger = createLogger(config.logLevel, config.siteId);
  const stop = new AbortController();
  let certificates: { stop(): void } | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    logger.info({ signal: name }, 'stopping');
    stop.abort();
    setTimeout(() => process.exit(), LONGEST_STOP_MS).unref();
  };
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  try {
    certificates = watchCertificates(config.tls, logger);
    await runAgent(
      config,
      {
        ...trainer,
        logger,
        onReady: () => {
          logger.info({ pid: process.pid }, 'ready');
          process.send?.({ kind: 'ready' });
        },
        onConnected: () => process.send?.({ kind: 'connected' }),
      },
      stop.signal,
    );
    logger.info('stopped');
  } catch (error) {
    logger.fatal(errorFields(error), 'the agent ends');
    throw error;
  } finally {
    certificates?.stop();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    if (process.connected) process.disconnect();
  }
}
