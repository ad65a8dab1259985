import type { WriteStream } from 'node:tty';
import { hasEnded, type RunView } from '../contract.js';
import type { Progress } from './progress.js';
import { currentRound, isOver, participationText, runText, validationText } from './words.js';

const BAR_WIDTH = 20;
const ROUNDS_SHOWN = 2;

/** For a terminal: the same few lines, drawn again and again in place. */
export class ProgressScreen implements Progress {
  #height = 0;

  constructor(private readonly out: WriteStream) {}

  show(runs: readonly RunView[]): void {
    const width = Math.max(40, this.out.columns ?? 80) - 1;
    const lines = screenLines(runs).slice(0, Math.max(10, (this.out.rows ?? 40) - 2));
    const text = lines.map((line) => `\u001b[2K${[...line].slice(0, width).join('')}\n`).join('');
    const up = this.#height > 0 ? `\u001b[${this.#height}A` : '';
    this.out.write(`${up}${text}\u001b[0J`);
    this.#height = lines.length;
  }

  close(): void {
    this.#height = 0;
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
