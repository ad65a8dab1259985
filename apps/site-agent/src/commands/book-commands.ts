import { ConsiliumError } from '@consilium/errors';
import type { Command } from 'commander';
import { print, printJson, table } from '../platform/terminal.js';
import type { BookedAct } from '../state/act-book.js';
import { lookingAt, type Place } from './dataset-place.js';
import { afterWithdrawal, makeWay, runsUnderWay, withdrawalText } from './runs-in-the-way.js';

const MOST_ACTS = 1000;

/** `consilium site leave` and `consilium site book`. */
export function addBookCommands(site: Command): void {
  site
    .command('leave <run>')
    .description(
      'leave a run under way for good: its training is stopped, no update is sent, and the coordinator is told',
    )
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((run: string, options: Place) => leaveRun(run, options));
  site
    .command('book')
    .description(
      "the site's own book: what was removed, excluded, bound, left and restored, and what a coordinator asked against it",
    )
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((options: Place) => showBook(options));
}

/** Works beside a running agent. Errors  RUN_NOT_FOUND for one that this site has no part in. */
function leaveRun(run: string, { dir, json }: Place): Promise<void> {
  return lookingAt(dir, async (state, folder) => {
    const left = state.transaction(() => {
      const uses = runsUnderWay(state).filter(({ runId }) => runId === run);
      if (uses.length === 0) throw new ConsiliumError('RUN_NOT_FOUND', { run: run.slice(0, 64) });
      makeWay(state, uses, 'decided', { dir, withdraw: true });
      return uses;
    });
    const withdrawal = await afterWithdrawal(folder, state, left);
    if (json) print(JSON.stringify({ left: withdrawal.told }));
    else print(withdrawalText(left, withdrawal));
  });
}

function showBook({ dir, json }: Place): Promise<void> {
  return lookingAt(dir, (state) => {
    const acts = state.acts.list(MOST_ACTS);
    const refusals = state.refusals.list(MOST_ACTS);
    if (json) printJson({ acts, refusals });
    else if (acts.length + refusals.length === 0) print('nothing is booked yet');
    else
      print(
        table([
          ['no.', 'time', 'act', 'about', 'detail'],
          ...acts.map(({ number, at, kind, about, detail }) => [
            ...[String(number), time(at), kind, about],
            detailText(detail),
          ]),
          ...refusals.map(({ runId, asked, code, problem, times, lastAt }) => [
            ...['-', time(lastAt), `${asked} refused`, runId],
            `${code}${problem ? `: ${problem}` : ''}, ${times === 1 ? 'once' : `${times} times`}`,
          ]),
        ]),
      );
  });
}

function time(at: string): string {
  return at.slice(0, 19);
}

function detailText(detail: BookedAct['detail']): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}
