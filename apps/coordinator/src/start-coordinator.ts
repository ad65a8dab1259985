// Nest reads types of constructors through this.
import 'reflect-metadata';
import { chmod, mkdir } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { appModule } from './app.module.js';
import { PRIVATE_FOLDER } from './chunks/private-folder.js';
import type { Config } from './platform/config.js';
import { type Logger, nestLogger } from './platform/logger.js';
import { migrate } from './platform/migrate.js';
import { OpenApiDocument } from './platform/open-api.http.js';
import { RunDriver } from './rounds/run-driver.js';
import { GrpcHost } from './site-edge/grpc-host.js';

/** A coordinator that answers. */
export interface RunningCoordinator {
  readonly httpUrl: string;
  /** `host:port` that sites dial. */
  readonly grpcAddress: string;
  /** Takes the certificate that lies on the disk now, if it is another; open connections go on. */
  renewCertificate(): void;
  /** Ends calls under way, finishes the steps under way, and lets go of everything. */
  stop(): Promise<void>;
}

const LONGEST_BODY_BYTES = 1 << 20;

/**
 * Migrates the database, takes up the runs that a former process left, and starts to answer.
 *
 * Errors   DATABASE_UNAVAILABLE, MIGRATION_MISMATCH, ADDRESS_IN_USE, CERTIFICATE_INVALID.
 */
export async function startCoordinator(config: Config, logger: Logger): Promise<RunningCoordinator> {
  await mkdir(config.dataFolder, PRIVATE_FOLDER);
  // An older version left it open to others.
  await chmod(config.dataFolder, PRIVATE_FOLDER.mode);
  const migrated = await migrate(config.databaseUrl);
  if (migrated.length > 0) logger.info({ migrated }, 'database migrated');
  const app = await NestFactory.create<NestFastifyApplication>(
    appModule(config, logger),
    new FastifyAdapter({ bodyLimit: LONGEST_BODY_BYTES, forceCloseConnections: true }),
    { logger: nestLogger(logger) },
  );
  try {
    await app.init();
    app.get(OpenApiDocument).describe(app);
    // Sites come last: whoever is answered here can rely on the rest.
    await app.get(RunDriver).start();
    await app.listen(config.http.port, config.http.host);
    const sites = app.get(GrpcHost);
    const grpcAddress = await sites.start();
    return {
      ...{ httpUrl: await app.getUrl(), grpcAddress },
      renewCertificate: () => sites.renewCertificate(),
      stop: () => app.close(),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}
