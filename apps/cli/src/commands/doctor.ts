import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import path from 'node:path';
import { type BackEndReport, findCompiler, findGpus, probeBackEnds } from '@consilium/engine';
import { errorCode } from '@consilium/errors';
import { findPostgres } from '@consilium/postgres';
import type { Environment } from '../env.js';
import { chosenFolder, daysLeft, type FederationFolder, RENEW_DAYS } from '../federation-folder.js';
import { PROJECT } from '../installation.js';
import { authorityWarning, endOf } from '../processes/certificate-watch.js';
import { formatTable, print, printJson } from '../terminal.js';

export interface Finding {
  readonly what: string;
  readonly works: boolean;
  readonly note: string;
  /** What to do about it; absent when there is nothing to do. */
  readonly advice?: string;
  /** A command that would make it work, where nobody needs it to. */
  readonly offer?: string;
}

const GIBIBYTE = 2 ** 30;
const LEAST_DISK_GIBIBYTE = 2;
const LEAST_MEMORY_GIBIBYTE = 2;

export interface DoctorOptions {
  readonly dir?: string;
  readonly json?: boolean;
}

/** `consilium doctor`: ends with 1 when something that is needed does not work. */
export async function doctor(options: DoctorOptions, environment: Environment): Promise<void> {
  const folder = await chosenFolder(options.dir, environment.federationFolder);
  const findings = [
    ...[node(), await postgres(), ...(await backEnds()), await disk(), memory()],
    ...(await certificates(folder)),
  ];
  if (options.json) printJson(findings);
  else {
    print(
      formatTable(
        ['what', '', 'note'],
        findings.map(({ what, works, note, advice }) => [what, works ? 'ok' : advice ? 'NO' : '-', note]),
      ),
    );
    for (const { what, advice, offer } of findings) if (advice ?? offer) print(['', `${what}: ${advice ?? offer}`]);
  }
  if (findings.some(({ works, advice }) => !works && advice)) process.exitCode = 1;
}

/** Those of the federation whose folder this is; none on a machine without one. */
export async function certificates(folder: FederationFolder): Promise<Finding[]> {
  const server = await daysLeft(path.join(folder.tls, 'server.pem'));
  const authority = await daysLeft(path.join(folder.authority, 'ca.pem'));
  const finding = (what: string, left: number | undefined, advice: string): Finding[] =>
    left === undefined
      ? []
      : [{ what, works: left >= RENEW_DAYS, note: endOf(left), ...(left < RENEW_DAYS && { advice }) }];
  return [
    ...finding('certificate of the coordinator', server, '`consilium up` renews it, at its start and while it runs.'),
    ...finding('certificate authority', authority, authorityWarning(authority ?? 0)),
  ];
}

function node(): Finding {
  return {
    what: 'node',
    works: true,
    note: `${process.versions.node} on ${process.platform}-${process.arch}, ${availableParallelism()} processors`,
  };
}

async function postgres(): Promise<Finding> {
  const what = 'PostgreSQL';
  try {
    return { what, works: true, note: `${(await findPostgres()).version}, from npm` };
  } catch (error) {
    return {
      what,
      works: false,
      note: errorCode(error),
      advice: 'run `npm install` again, or set DATABASE_URL to a PostgreSQL server of your own.',
    };
  }
}

/** One back end is enough: the others are offered, not demanded. */
async function backEnds(): Promise<Finding[]> {
  const reports = await probeBackEnds();
  const rows = reports.map((report): Finding => {
    const { backEnd, works, note, gflops, threads, device, isChosen, command } = report;
    const speed =
      gflops === undefined ? '' : `${gflops} GFLOP/s with ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    const on = device === undefined ? '' : `on the ${device}`;
    const chosen = isChosen ? `used: ${reasonFor(report, reports)}` : '';
    return {
      what: `engine ${backEnd}`,
      works,
      note: [chosen, speed, on, note].filter(Boolean).join('; '),
      ...(command && { offer: `\`${command}\`` }),
    };
  });
  if (!reports.some(({ isChosen }) => isChosen))
    rows.push({
      what: 'engine',
      works: false,
      note: 'no back end works',
      advice: 'run `npm run build` again; the training kernels are compiled there.',
    });
  return [...rows, ...gpus(), ...(await addonTools(reports))];
}

function reasonFor(chosen: BackEndReport, reports: readonly BackEndReport[]): string {
  if (chosen.device === 'GPU') return 'it has a GPU';
  const native = reports.find(({ backEnd, works }) => backEnd === 'tensorflow' && works);
  if (!native) return 'it needs no installation';
  const isFaster = (chosen.gflops ?? 0) >= (native.gflops ?? 0);
  return isFaster
    ? 'without a GPU it is faster than tensorflow'
    : 'no GPU; `consilium site start --back-end tensorflow` takes tensorflow';
}

function gpus(): Finding[] {
  return findGpus().map(({ name, memoryMebibytes }) => ({
    what: 'GPU',
    works: true,
    note: `${name}, ${(memoryMebibytes / 1024).toFixed(1)} GiB`,
  }));
}

/** What building the addon here would lack; of no interest once an engine is installed. */
async function addonTools(reports: readonly BackEndReport[]): Promise<Finding[]> {
  const isInstalled = reports.some(({ backEnd, works }) => backEnd === 'tensorflow' && works);
  if (isInstalled || (await findCompiler(new AbortController().signal))) return [];
  return [
    {
      what: 'C++ compiler',
      works: false,
      note: 'none here: tensorflow can only be installed with the prebuilt addon (deploy/engine/README.md)',
    },
  ];
}

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(PROJECT);
  const free = (bavail * bsize) / GIBIBYTE;
  const works = free >= LEAST_DISK_GIBIBYTE;
  return {
    what: 'disk',
    works,
    note: `${free.toFixed(1)} GiB free`,
    ...(works ? {} : { advice: `free at least ${LEAST_DISK_GIBIBYTE} GiB.` }),
  };
}

function memory(): Finding {
  const total = totalmem() / GIBIBYTE;
  const works = total >= LEAST_MEMORY_GIBIBYTE;
  return {
    what: 'memory',
    works,
    note: `${total.toFixed(1)} GiB, ${(freemem() / GIBIBYTE).toFixed(1)} GiB free`,
    ...(works ? {} : { advice: `sites on this machine need about ${LEAST_MEMORY_GIBIBYTE} GiB.` }),
  };
}
