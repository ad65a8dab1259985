import { ERRORS, type ErrorCode } from '@consilium/errors';
import { isRoundOver, isRunOver } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { RunRepository } from '../runs/run.repository.js';
import { RunTransitions } from '../runs/run-transitions.js';
import { Announce } from './announce.js';
import { RoundTransitions } from './round-transitions.js';

/** Ends runs that cannot be advanced. */
@Injectable()
export class GiveUp {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly runTransitions: RunTransitions,
    private readonly roundTransitions: RoundTransitions,
    private readonly announcing: Announce,
  ) {}

  /**
   * Fails a run and the round under way, with a reason that persons and sites see. It reads no more than it must: what keeps the
   * run from going on may be its plan or any row of it.
   */
  async on(runId: string, code: ErrorCode, attempts: number): Promise<void> {
    const reason = `The coordinator could not go on with this run (${code}): ${ERRORS[code].say} It tried ${attempts} times.`;
    const step = await this.database.transaction(async (transaction) => {
      const { run, latest, sites, now } = await this.runs.lockAlone(transaction, runId);
      if (isRunOver(run.state)) return null;
      const round = latest === null || isRoundOver(latest.state) ? null : latest;
      if (round !== null)
        await this.roundTransitions.abort(transaction, { now, participations: [] }, round, { code, sentence: reason });
      await this.runTransitions.end(transaction, { run, now }, 'fail', reason);
      return { sites, round: round === null ? null : ({ number: round.number, state: 'aborted' } as const) };
    });
    if (step !== null) await this.announcing.announce({ runId, bringsWork: true, ...step });
  }
}
