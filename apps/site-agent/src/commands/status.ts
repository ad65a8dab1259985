import type { Validity } from '@consilium/grpc';
import { certificatesOf, validityText } from '../platform/certificates.js';
import { readSiteSettings, type SiteSettings } from '../platform/config.js';
import { type SiteFolder, siteFolder } from '../platform/site-folder.js';
import { print, printJson, table } from '../platform/terminal.js';
import { type CacheUsage, cacheUsage, mebibytes } from '../preprocessing/cache-room.js';
import { datasetsOfOtherKeys, OTHER_KEY_WARNING } from '../state/dataset-key.js';
import { FolderLock } from '../state/folder-lock.js';
import type { Refusal } from '../state/refusal-book.js';
import { openSiteState } from '../state/site-state.js';
import type { WorkCounts } from '../state/work-book.js';
import { type RunUse, runsUnderWay } from './runs-in-the-way.js';

const MOST_REFUSALS = 20;

export interface StatusOptions {
  readonly dir: string;
  readonly json?: boolean;
}

/** Says what the agent of a folder does; works beside a running agent. Errors  CONFIG_INVALID. */
export function status({ dir, json }: StatusOptions): void {
  const folder = siteFolder(dir);
  const { federation, siteId, coordinator, tensorCache } = readSiteSettings(folder);
  const state = openSiteState(folder.state);
  try {
    const isRunning = FolderLock.isTaken(folder.lock);
    const facts = {
      federation,
      siteId,
      coordinator,
      isRunning,
      activity: isRunning ? state.facts.activity() : undefined,
      startCount: state.facts.startCount(),
      lastReceiptAuditIndex: state.outbox.lastReceiptAuditIndex(),
      certificates: certificatesIn(folder),
      tensorCache: { ...cacheUsage(folder.tensors), ...tensorCache },
      datasets: state.datasets.list(),
      runs: runsUnderWay(state).map((use) => ({ ...use, ...state.work.counts(use.runId) })),
      withdrawalsToTell: state.invitations.untoldWithdrawals().map(({ runId }) => runId),
      datasetsOfOtherKeys: datasetsOfOtherKeys(folder, state),
      refusals: state.refusals.list(MOST_REFUSALS),
    };
    if (json) printJson(facts);
    else print(text(facts));
  } finally {
    state.close();
  }
}

/** Whether there are any is not this command's question: `start` names what is wrong with them. */
function certificatesIn(folder: SiteFolder): readonly Validity[] {
  try {
    return certificatesOf(folder);
  } catch {
    return [];
  }
}

interface Facts {
  readonly federation: string;
  readonly siteId: string;
  readonly coordinator: readonly string[];
  readonly isRunning: boolean;
  readonly activity: ReturnType<ReturnType<typeof openSiteState>['facts']['activity']>;
  readonly startCount: number;
  readonly lastReceiptAuditIndex: number | undefined;
  readonly certificates: readonly Validity[];
  readonly tensorCache: CacheUsage & SiteSettings['tensorCache'];
  readonly datasets: readonly { readonly name: string }[];
  readonly runs: readonly (RunUse & WorkCounts)[];
  readonly withdrawalsToTell: readonly string[];
  readonly datasetsOfOtherKeys: readonly string[];
  readonly refusals: readonly Refusal[];
}

function text(facts: Facts): string[] {
  const { activity } = facts;
  const place = activity?.runId && `, run ${activity.runId}${activity.round ? `, round ${activity.round}` : ''}`;
  const rows = table([
    ['site', `${facts.siteId} of ${facts.federation}`],
    ['coordinator', facts.coordinator.join(', ')],
    ['agent', facts.isRunning ? `running: ${activity?.state ?? 'starting'}${place ?? ''}` : 'not running'],
    ['since', activity?.at ?? '-'],
    ['starts', String(facts.startCount)],
    ['last receipt', facts.lastReceiptAuditIndex === undefined ? 'none' : `audit entry ${facts.lastReceiptAuditIndex}`],
    ...(['certificate', 'authority'] as const).map((what): [string, string] => {
      const validity = facts.certificates.find((one) => one.what === what);
      return [what, validity === undefined ? 'cannot be read' : validityText(validity)];
    }),
    ['tensor cache', cacheText(facts.tensorCache)],
    ['datasets', facts.datasets.map(({ name }) => name).join(', ') || 'none'],
  ]);
  return [
    ...rows,
    ...section(
      'another key',
      facts.datasetsOfOtherKeys.map((name) => `dataset ${name} was ${OTHER_KEY_WARNING}`),
    ),
    ...section('runs under way', facts.runs.map(runText)),
    ...section('left', facts.withdrawalsToTell.map(leftText)),
    ...section('asked against what was agreed', facts.refusals.map(refusalText)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function cacheText({ bytes, freeBytes, maximumGibibytes, freeGibibytes }: Facts['tensorCache']): string {
  const free = freeBytes < freeGibibytes * 2 ** 30 ? 'LESS than that is free: ' : '';
  return `${mebibytes(bytes)} MiB of at most ${maximumGibibytes} GiB; ${freeGibibytes} GiB of the disk stay free (${free}${mebibytes(freeBytes)} MiB are)`;
}

function runText({ runId, plan, trainings, validations, tests }: RunUse & WorkCounts): string {
  return `${runId}, plan ${plan}: ${trainings} rounds trained, ${validations} validations, ${tests} tests answered`;
}

function leftText(runId: string): string {
  return `${runId}: the coordinator has not confirmed it yet`;
}

function refusalText({ runId, asked, times, lastAt, code, problem }: Refusal): string {
  const often = times === 1 ? 'once, at' : `${times} times, the last one at`;
  return `${runId}: ${asked} refused ${often} ${lastAt.slice(0, 19)} (${code}: ${problem})`;
}
