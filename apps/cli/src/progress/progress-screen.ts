import { hasEnded, type RunView } from '../contract.js';
import { Drawing } from '../terminal.js';
import type { Progress } from './progress.js';
import { currentRound, isOver, participationText, runText, validationText } from './words.js';

const BAR_WIDTH = 20;
const ROUNDS_SHOWN = 2;

/** For a terminal: the same few lines, drawn again and again in place. */
export class ProgressScreen implements Progress {
  readonly #drawing = new Drawing();

  show(runs: readonly RunView[]): void {
    this.#drawing.draw(screenLines(runs));
  }

  close(): void {
    this.#drawing.leave();
  }
}

/** What is on the screen: a head for each run, its last validated rounds, a bar for each site at work. */
export function screenLines(runs: readonly RunView[]): string[] {
  return runs.flatMap((run) => {
    const head = `${run.planName}  ${run.strategy}  ${runText(run)}`;
    const validated = run.rounds.filter((round) => isOver(round) && validationText(round));
    const rounds = validated.slice(-ROUNDS_SHOWN).map((round) => `  round ${round.number}  ${validationText(round)}`);
    const round = currentRound(run);
    if (hasEnded(run) || !round || isOver(round)) return [head, ...rounds];
    const longest = Math.max(...round.participations.map(({ site }) => site.length), 0);
    const sites = round.participations.map((participation) => {
      const { share, words } = participationText(participation);
      const full = Math.round(share * BAR_WIDTH);
      const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
      return `  ${participation.site.padEnd(longest)}  ${bar}  ${words}`;
    });
    return [head, ...rounds, ...sites];
  });
}
