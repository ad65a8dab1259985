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
  readonly client: PrismaClient;

  constructor(@Inject(CONFIG) config: Pick<Config, 'databaseUrl'>) {
    const adapter = new PrismaPg({ connectionString: config.databaseUrl, max: CONNECTIONS });
    this.client = new PrismaClient({ adapter });
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.client.$transaction(work, TRANSACTION_LIMITS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
  }
}

/** The database's clock: the only one that deadlines are measured with. */
export async function databaseNow(transaction: Transaction): Promise<Date> {
  const [row] = await transaction.$queryRaw<
    { now: Date }[]
  >`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
  return row!.now;
}
