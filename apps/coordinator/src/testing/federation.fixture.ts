import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAXIMUM_PARAMETERS } from '@consilium/models';
import { type Authority, createAuthority, type IssuedCertificate, issueCoordinatorCertificate } from '@consilium/pki';
import type { PlanInput } from '@consilium/plan';
import { deletePostgres, startPostgres, stopPostgres } from '@consilium/postgres';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import type { Config } from '../platform/config.js';
import { createLogger } from '../platform/logger.js';
import type { RunView } from '../runs/run-view.js';
import { type RunningCoordinator, startCoordinator } from '../start-coordinator.js';
import { FakeSite, type FakeSiteOptions } from './fake-site.fixture.js';

const FEDERATION = 'test';
const DATABASE = 'db';
const LOOK_AGAIN_MS = 30;

/** A coordinator on a real PostgreSQL, with fake sites that dial it over mutual TLS. Made for one test file. */
export class TestFederation {
  private coordinator: RunningCoordinator | null = null;
  private readonly sites: FakeSite[] = [];
  /** What happens at the coordinator's kill points. */
  reach: Config['reach'] = () => {};

  private constructor(
    private readonly folder: string,
    private readonly authority: Authority,
    private readonly config: Config,
    private readonly release: () => Promise<void>,
    /** For what only the database can tell. */
    readonly database: PrismaClient,
    /** What lies on the coordinator's disk as its certificate. */
    private serverTls: IssuedCertificate,
  ) {}

  /** Puts another certificate in the place of the coordinator's, and has it looked at. */
  async renewCertificate(validDays: number): Promise<void> {
    this.serverTls = await issueCoordinatorCertificate(this.authority, { hosts: ['127.0.0.1'], validDays });
    this.running().renewCertificate();
  }

  static async make(): Promise<TestFederation> {
    const folder = await mkdtemp(path.join(tmpdir(), 'consilium-coordinator-'));
    const databaseFolder = path.join(folder, DATABASE);
    const postgres = await startPostgres({ directory: databaseFolder });
    const authority = await createAuthority({ federation: FEDERATION });
    const serverTls = await issueCoordinatorCertificate(authority, { hosts: ['127.0.0.1'] });
    const config: Config = {
      federation: FEDERATION,
      databaseUrl: postgres.url,
      dataFolder: path.join(folder, 'data'),
      http: { host: '127.0.0.1', port: 0 },
      grpc: { host: '127.0.0.1', port: 0 },
      readTls: () => made.serverTls,
      tokenFile: path.join(folder, 'token'),
      maximumParameters: MAXIMUM_PARAMETERS,
      keepUpdates: { rounds: 1, days: 0 },
      reach: (point) => made.reach(point),
    };
    const database = new PrismaClient({ adapter: new PrismaPg({ connectionString: postgres.url, max: 2 }) });
    const release = async () => {
      await database.$disconnect();
      await deletePostgres(databaseFolder);
      await rm(folder, { recursive: true, force: true });
    };
    const made = new TestFederation(folder, authority, config, release, database, serverTls);
    return made;
  }

  async start({ dial = true, ...changes }: { dial?: boolean } & Partial<Config> = {}): Promise<void> {
    this.coordinator = await startCoordinator({ ...this.config, ...changes }, createLogger('silent'));
    if (dial) for (const site of this.sites) await this.dial(site);
  }

  /** A site connects anew and says hello. */
  async dial(site: FakeSite): Promise<void> {
    await site.dial(this.running().grpcAddress);
  }

  async stop(): Promise<void> {
    await this.coordinator?.stop();
    this.coordinator = null;
  }

  /** Ends everything and leaves nothing behind. */
  async close(): Promise<void> {
    await Promise.all(this.sites.map((site) => site.close()));
    await this.stop();
    await this.release();
  }

  async site(siteId: string, options: FakeSiteOptions = {}, federation = FEDERATION): Promise<FakeSite> {
    const authority = { ...this.authority, federation };
    const site = await FakeSite.make(authority, siteId, options);
    this.sites.push(site);
    await site.dial(this.running().grpcAddress);
    return site;
  }

  /** Asks the person-facing HTTP. */
  async http(
    method: 'GET' | 'POST',
    route: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const authorization = `Bearer ${await this.token()}`;
    return fetch(this.running().httpUrl + route, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
    });
  }

  /** What a browser sends for a form, without any token of its own. */
  async form(route: string, fields: Record<string, string>): Promise<Response> {
    return fetch(this.running().httpUrl + route, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  }

  /** The JSON of a request that must succeed. */
  async json<T>(method: 'GET' | 'POST', route: string, body?: unknown): Promise<T> {
    const response = await this.http(method, route, body);
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Starts a run of a plan and answers its id. */
  async run(plan: PlanInput, sites?: readonly string[]): Promise<string> {
    const { hash } = await this.json<{ hash: string }>('POST', '/api/plans', { plan });
    const request = { planHash: hash, ...(sites === undefined ? {} : { sites }) };
    return (await this.json<RunView>('POST', '/api/runs', request)).id;
  }

  async view(runId: string): Promise<RunView> {
    return this.json('GET', `/api/runs/${runId}`);
  }

  /** The first view of a run for which `isIt` holds. */
  async until(runId: string, isIt: (run: RunView) => boolean): Promise<RunView> {
    for (;;) {
      const view = await this.view(runId);
      if (isIt(view)) return view;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  async ended(runId: string): Promise<RunView> {
    return this.until(runId, (run) => run.finishedAt !== null);
  }

  async token(): Promise<string> {
    return (await readFile(this.config.tokenFile, 'utf8')).trim();
  }

  async stopDatabase(): Promise<void> {
    await stopPostgres(this.databaseFolder);
  }

  async startDatabase(): Promise<void> {
    await startPostgres({ directory: this.databaseFolder });
  }

  private get databaseFolder(): string {
    return path.join(this.folder, DATABASE);
  }

  async query(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.config.databaseUrl });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  get grpcAddress(): string {
    return this.running().grpcAddress;
  }

  get dataFolder(): string {
    return path.join(this.folder, 'data');
  }

  get databaseUrl(): string {
    return this.config.databaseUrl;
  }

  private running(): RunningCoordinator {
    if (this.coordinator === null) throw new Error('the coordinator is not running');
    return this.coordinator;
  }
}
