import { AsyncLocalStorage } from 'node:async_hooks';
import { ConsiliumError } from '@consilium/errors';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.js';
import { CONFIG, type Config } from './config.js';

/** A transaction under way. */
export type Transaction = Prisma.TransactionClient;

const CONNECTIONS = 10;
const TRANSACTION_LIMITS = { maxWait: 20_000, timeout: 30_000 };

/** The only store of state. */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly pool: PrismaClient;
  private readonly underWay = new AsyncLocalStorage<{ isOpen: boolean }>();

  constructor(@Inject(CONFIG) config: Pick<Config, 'databaseUrl'>) {
    const adapter = new PrismaPg({ connectionString: config.databaseUrl, max: CONNECTIONS });
    this.pool = new PrismaClient({ adapter });
  }

  /**
   * Queries of their own, each on a connection of the pool. Never inside of a transaction: it would hold one connection and wait
   * for another, and as many of them at once as there are connections wait for ever.
   *
   * Errors   INTERNAL inside of a transaction.
   */
  get client(): PrismaClient {
    if (this.underWay.getStore()?.isOpen)
      throw new ConsiliumError('INTERNAL', { reason: 'a query through the pool inside of a transaction' });
    return this.pool;
  }

  /** Errors  INTERNAL inside of another one. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { client } = this;
    const mark = { isOpen: true };
    try {
      return await client.$transaction(
        (transaction) => this.underWay.run(mark, () => work(transaction)),
        TRANSACTION_LIMITS,
      );
    } finally {
      // What was begun inside and still runs is no part of it any more.
      mark.isOpen = false;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.$disconnect();
  }
}

/** The database's clock: the only one that deadlines are measured with. */
export async function databaseNow(transaction: Transaction): Promise<Date> {
  const [row] = await transaction.$queryRaw<
    { now: Date }[]
  >`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
  return row!.now;
}
