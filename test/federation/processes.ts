import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CoordinatorHttp, hasEnded, type RunView } from './coordinator-http.ts';
import {
  FEDERATION,
  type Ground,
  type LaidFederation,
  plainEnvironment,
  prepareGround,
  programFile,
  type SiteOptions,
} from './ground.ts';
import { MARK, type MarkedProcess, markedProcesses, orphans, untilNone } from './marked-processes.ts';
import { type Environment, SupervisedChild } from './supervised-child.ts';

export type { SiteOptions } from './ground.ts';

/** How one federation differs from another on the same ground. */
export interface FederationChoices {
  /** Kill points of the coordinator, and of every agent: each process dies once at each. */
  readonly killPoints?: { readonly coordinator?: readonly string[]; readonly agents?: readonly string[] };
  /** Sites whose agent is not started again after a SIGKILL; all others are, and so is the coordinator. */
  readonly notRestarted?: readonly string[];
}

export interface Federation {
  readonly http: CoordinatorHttp;
  readonly siteIds: readonly string[];
  readonly databaseUrl: string;
  readonly coordinatorData: string;
  readonly logs: string;
  siteFolder(siteId: string): string;
  /** Errors  when a process has failed or the run has not ended in time; the message has the run and the end of the log. */
  waitForRun(runId: string, timeoutMs?: number): Promise<RunView>;
  /** Submits a plan, runs it at all sites, and waits for its end. */
  run(plan: unknown, timeoutMs?: number): Promise<RunView>;
  /** Kill points that have fired, from the logs that the processes wrote before they died; `agents` by site. */
  firedPoints(): { coordinator: string[]; agents: Record<string, string[]> };
  /** Lives that a SIGKILL has ended, as their parent saw it. */
  kills(): { coordinator: number; agents: Record<string, number> };
  /** All living processes of this federation, down to the trainers. */
  processes(): MarkedProcess[];
  /** Ends one site's agent in an orderly way and starts it again with other kill points. */
  rearm(siteId: string, killPoints: readonly string[], isRestarted: boolean): Promise<void>;
  /** Ends all processes; answers what of that was not in order: a process that would not end, a trainer that outlived its agent. */
  stop(): Promise<string[]>;
}

interface Ready {
  readonly kind: 'ready';
  readonly httpUrl: string;
  readonly grpcAddress: string;
}

const RUN_TIMEOUT_MS = 90_000;
/** The trainer of a killed agent ends when it finds its channel closed, after the step under way. */
const ORPHAN_TIMEOUT_MS = 5_000;

export interface FederationOptions extends FederationChoices {
  readonly directory: string;
  readonly sites: readonly SiteOptions[];
}

/**
 * One federation of real processes from nothing: embedded PostgreSQL, certificates, coordinator, one agent for each site.
 * `stop` ends all of it and deletes the directory.
 */
export async function startFederation({ directory, sites, ...choices }: FederationOptions): Promise<Federation> {
  const ground = await prepareGround(directory, sites);
  try {
    const federation = await startOn(ground, choices);
    const stop = async () => {
      try {
        return await federation.stop();
      } finally {
        await ground.clear();
      }
    };
    return { ...federation, stop };
  } catch (error) {
    await ground.clear();
    throw error;
  }
}

/** One federation of real processes on prepared ground; nothing has run at its sites before. */
export async function startOn(ground: Ground, choices: FederationChoices = {}): Promise<Federation> {
  const laid = await ground.lay();
  const logs = path.join(laid.directory, 'logs');
  const mark = randomUUID();
  const problems: string[] = [];
  const checks: Promise<void>[] = [];
  const onKilled = () => {
    checks.push(
      untilNone(() => orphans(mark), ORPHAN_TIMEOUT_MS).then((left) => {
        problems.push(...left.map((p) => `outlived its parent: ${describe(p)}`));
      }),
    );
  };
  const coordinator = coordinatorProcess(laid, logs, mark, choices.killPoints?.coordinator ?? [], onKilled);
  const agents = new Map<string, SupervisedChild>();
  const agentOf = (siteId: string, killPoints: readonly string[], isRestarted: boolean) =>
    new SupervisedChild({
      name: siteId,
      file: programFile('site-agent'),
      words: ['start', '--dir', laid.siteFolder(siteId), '--threads', '1'],
      environment: () => ({ ...plainEnvironment(), [MARK]: mark, ...killEnvironment(killPoints, logs, siteId) }),
      logFile: path.join(logs, `${siteId}.log`),
      isRestarted,
      onKilled,
    });
  const stop = async () => {
    const ends = await Promise.all([...agents.values()].map((agent) => agent.stop()));
    ends.push(await coordinator.stop());
    await Promise.all(checks);
    const left = await untilNone(() => markedProcesses(mark), ORPHAN_TIMEOUT_MS);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    const ended = ends.filter((problem) => problem !== undefined);
    return [...problems, ...ended, ...left.map((p) => `left behind: ${describe(p)}`)];
  };
  const throwIfFailed = () => {
    coordinator.throwIfFailed();
    for (const agent of agents.values()) agent.throwIfFailed();
  };

  try {
    const ready = await coordinator.start<Ready>('ready');
    rememberPorts(laid, ready);
    const token = readFileSync(tokenFile(laid), 'utf8').trim();
    const http = new CoordinatorHttp(ready.httpUrl, token);
    const { agents: points = [] } = choices.killPoints ?? {};
    for (const siteId of ground.siteIds) {
      const settings = { federation: FEDERATION, siteId, coordinator: [ready.grpcAddress] };
      await writeFile(path.join(laid.siteFolder(siteId), 'site.json'), JSON.stringify(settings));
      agents.set(siteId, agentOf(siteId, points, !choices.notRestarted?.includes(siteId)));
    }
    await Promise.all([...agents.values()].map((agent) => agent.start('connected')));
    const waitForRun = async (runId: string, timeoutMs = RUN_TIMEOUT_MS) =>
      http
        .until(
          () => http.get<RunView>(`/api/runs/${runId}`),
          (run) => (hasEnded(run) ? run : undefined),
          { timeoutMs, check: throwIfFailed },
        )
        .catch((error: unknown) => {
          const tails = [coordinator, ...agents.values()].map((child) => `--- ${child.name}\n${child.logTail()}`);
          throw new Error(tails.join('\n'), { cause: error });
        });
    return {
      http,
      siteIds: ground.siteIds,
      databaseUrl: laid.databaseUrl,
      coordinatorData: dataFolder(laid),
      logs,
      siteFolder: laid.siteFolder,
      waitForRun,
      run: async (plan, timeoutMs) => {
        const { id } = await http.startRun(await http.submitPlan(plan), ground.siteIds);
        return waitForRun(id, timeoutMs);
      },
      firedPoints: () => ({
        coordinator: firedPoints(logs, 'coordinator'),
        agents: Object.fromEntries(ground.siteIds.map((siteId) => [siteId, firedPoints(logs, siteId)])),
      }),
      kills: () => ({
        coordinator: coordinator.kills,
        agents: Object.fromEntries([...agents].map(([siteId, { kills }]) => [siteId, kills])),
      }),
      processes: () => markedProcesses(mark),
      rearm: async (siteId, killPoints, isRestarted) => {
        const problem = await agents.get(siteId)?.stop();
        if (problem !== undefined) problems.push(problem);
        const agent = agentOf(siteId, killPoints, isRestarted);
        agents.set(siteId, agent);
        await agent.start('connected');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function coordinatorProcess(
  laid: LaidFederation,
  logs: string,
  mark: string,
  killPoints: readonly string[],
  onKilled: () => void,
): SupervisedChild {
  mkdirSync(dataFolder(laid), { recursive: true });
  return new SupervisedChild({
    name: 'coordinator',
    file: programFile('coordinator'),
    words: [],
    environment: () => ({
      ...plainEnvironment(),
      [MARK]: mark,
      CONSILIUM_FEDERATION: FEDERATION,
      DATABASE_URL: laid.databaseUrl,
      CONSILIUM_DATA: dataFolder(laid),
      CONSILIUM_TLS_DIR: laid.tls,
      CONSILIUM_TOKEN_FILE: tokenFile(laid),
      ...knownPorts(laid),
      ...killEnvironment(killPoints, logs, 'coordinator'),
    }),
    logFile: path.join(logs, 'coordinator.log'),
    isRestarted: true,
    onKilled,
  });
}

function dataFolder({ directory }: LaidFederation): string {
  return path.join(directory, 'coordinator');
}

function tokenFile({ directory }: LaidFederation): string {
  return path.join(directory, 'token');
}

/** A coordinator that comes back must be where its sites look for it. */
function rememberPorts({ directory }: LaidFederation, { httpUrl, grpcAddress }: Ready): void {
  const ports = {
    CONSILIUM_HTTP_PORT: new URL(httpUrl).port,
    CONSILIUM_GRPC_PORT: grpcAddress.slice(grpcAddress.lastIndexOf(':') + 1),
  };
  writeFileSync(path.join(directory, 'ports.json'), JSON.stringify(ports));
}

function knownPorts({ directory }: LaidFederation): Environment {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'ports.json'), 'utf8')) as Environment;
  } catch {
    return { CONSILIUM_HTTP_PORT: '0', CONSILIUM_GRPC_PORT: '0' };
  }
}

function killLog(logs: string, name: string): string {
  return path.join(logs, `${name}.kills`);
}

function killEnvironment(points: readonly string[], logs: string, name: string): Environment {
  return points.length === 0 ? {} : { CONSILIUM_KILL_POINT: points.join(','), CONSILIUM_KILL_LOG: killLog(logs, name) };
}

function firedPoints(logs: string, name: string): string[] {
  try {
    return readFileSync(killLog(logs, name), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function describe({ pid, parentPid, command }: MarkedProcess): string {
  return `${pid} (parent ${parentPid}): ${command}`;
}
