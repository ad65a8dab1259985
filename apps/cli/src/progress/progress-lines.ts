import { hasEnded, type RunView } from '../contract.js';
import { say } from '../terminal.js';
import type { Progress } from './progress.js';
import { isOver, limitedText, runText, unevaluatedText, validationText } from './words.js';

/** For a log file: one line for each round that has ended, and one for the end of a run. */
export class ProgressLines implements Progress {
  readonly #said = new Set<string>();

  constructor(private readonly write: (line: string) => void = say) {}

  show(runs: readonly RunView[]): void {
    for (const run of runs) {
      const name = `${run.planName} ${run.strategy}`;
      for (const round of run.rounds.filter(isOver)) {
        const facts = [
          `round ${round.number}/${run.roundsPlanned} ${round.state}`,
          validationText(round),
          round.missing.length > 0 ? `missing: ${round.missing.join(', ')}` : '',
          round.refused.length > 0 ? `refused: ${round.refused.map((r) => `${r.site} ${r.code}`).join(', ')}` : '',
          unevaluatedText(round),
          limitedText(round),
          round.abortedBecause ?? '',
        ];
        this.#once(`${run.id} ${round.number}`, `${name}: ${facts.filter(Boolean).join(', ')}`);
      }
      if (hasEnded(run)) this.#once(run.id, `${name}: ${runText(run)}`);
    }
  }

  close(): void {}

  #once(key: string, line: string): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.write(line);
  }
}
