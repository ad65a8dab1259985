import { ConsiliumError } from '@consilium/errors';
import { isRunOver } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { PERSON } from '../platform/person.js';
import { Announce } from '../rounds/announce.js';
import { RoundTransitions } from '../rounds/round-transitions.js';
import { liveRound, RunRepository } from './run.repository.js';
import { RunTransitions } from './run-transitions.js';

@Injectable()
export class AbortRun {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly runTransitions: RunTransitions,
    private readonly roundTransitions: RoundTransitions,
    private readonly announcing: Announce,
  ) {}

  /** Ends a run at a person's word; its sites are told to stop. Errors  RUN_NOT_FOUND, RUN_EVENT_NOT_ALLOWED when it is over. */
  async abort(runId: string, reason: string): Promise<void> {
    const step = await this.database.transaction(async (transaction) => {
      const loaded = await this.runs.lock(transaction, runId);
      if (isRunOver(loaded.run.state)) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { state: loaded.run.state });
      const round = liveRound(loaded);
      const failure = { code: 'STOPPED', sentence: `The run was aborted: ${reason}` };
      if (round !== null) await this.roundTransitions.abort(transaction, loaded, round, failure);
      await this.runTransitions.end(transaction, loaded, 'abort', reason, PERSON);
      const sites = loaded.participants.map((p) => p.siteId);
      return { sites, round: round === null ? null : ({ number: round.number, state: 'aborted' } as const) };
    });
    await this.announcing.announce({ runId, bringsWork: true, ...step });
  }
}
