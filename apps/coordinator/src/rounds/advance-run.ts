import { advanceRound, advanceRun, decide, decideRun, isRunOver, type RoundState } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../platform/database.js';
import { Gate } from '../platform/gate.js';
import { type LoadedRun, liveRound, type RoundRow, RunRepository } from '../runs/run.repository.js';
import { RunTransitions } from '../runs/run-transitions.js';
import type { RoundToAggregate } from './aggregate-round.js';
import { Announce, type CommittedStep } from './announce.js';
import { MakeCandidate } from './make-candidate.js';
import { RoundTransitions } from './round-transitions.js';
import { participantFacts, participationFacts, roundFacts, roundOfGivingUp, runFacts } from './run-facts.js';

/** Steps of all runs at once: the rest of the database's connections stays for the sites' calls, however many runs are live. */
const STEPS_AT_ONCE = 4;

/** What came out of one step. */
type Step =
  | { readonly kind: 'done'; readonly step: CommittedStep }
  | { readonly kind: 'aggregate'; readonly task: RoundToAggregate }
  | { readonly kind: 'wait'; readonly until: Date | null };

/**
 * Drives a run as far as it goes: lock the row, ask the pure rules what is due, save it with its audit entries in one
 * transaction, and ask again until the answer is to wait. A kill between two steps loses nothing, and none is ever half done.
 */
@Injectable()
export class AdvanceRun {
  private readonly gate = new Gate(STEPS_AT_ONCE);

  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly runTransitions: RunTransitions,
    private readonly roundTransitions: RoundTransitions,
    private readonly makeCandidate: MakeCandidate,
    private readonly announcing: Announce,
  ) {}

  /** Answers when to look again if nothing arrives before; null for never. */
  async untilItWaits(runId: string, signal: AbortSignal): Promise<Date | null> {
    while (!signal.aborted) {
      const step = await this.gate.pass(() =>
        this.database.transaction((transaction) => this.step(transaction, runId)),
      );
      if (step.kind === 'wait') return step.until;
      if (step.kind === 'aggregate') await this.makeCandidate.make(step.task, signal);
      else await this.announcing.announce(step.step);
    }
    return null;
  }

  private async step(transaction: Transaction, runId: string): Promise<Step> {
    const loaded = await this.runs.lock(transaction, runId);
    if (isRunOver(loaded.run.state)) return { kind: 'wait', until: null };
    const round = liveRound(loaded);
    return round === null ? this.runStep(transaction, loaded) : this.roundStep(transaction, loaded, round);
  }

  private async roundStep(transaction: Transaction, loaded: LoadedRun, round: RoundRow): Promise<Step> {
    const decision = decide(roundFacts(loaded, round), participationFacts(loaded, round), loaded.now);
    if (decision.kind === 'transition') {
      await this.roundTransitions.apply(transaction, loaded, round, decision);
      return roundDone(loaded, round.number, advanceRound(round.state, decision.event));
    }
    if (decision.kind === 'wait' && decision.waitsFor.what === 'aggregation')
      return { kind: 'aggregate', task: { runId: loaded.run.id, round: round.number, plan: loaded.plan } };
    return { kind: 'wait', until: decision.kind === 'wait' ? decision.until : null };
  }

  private async runStep(transaction: Transaction, loaded: LoadedRun): Promise<Step> {
    const hopeless = roundOfGivingUp(loaded);
    if (hopeless !== null) {
      const reason = `Gave up after round ${hopeless.number}: ${hopeless.abortedReason}`;
      await this.runTransitions.end(transaction, loaded, 'fail', reason);
      return runDone(loaded, true);
    }
    const decision = decideRun(runFacts(loaded), participantFacts(loaded), loaded.now);
    switch (decision.kind) {
      case 'transition':
        await this.runTransitions.apply(transaction, loaded, decision);
        return runDone(loaded, isRunOver(advanceRun(loaded.run.state, decision.event)));
      case 'begin-round':
        await this.runTransitions.beginRound(transaction, loaded, decision.number);
        return runDone(loaded, false);
      case 'begin-tests':
        await this.runTransitions.beginTests(transaction, loaded);
        return runDone(loaded, true);
      case 'wait':
        return { kind: 'wait', until: decision.until };
      case 'over':
        return { kind: 'wait', until: null };
    }
  }
}

/** Training and evaluations are asked for with these states. */
const STATES_WITH_WORK: readonly RoundState[] = ['training', 'validating'];

function roundDone(loaded: LoadedRun, number: number, state: RoundState): Step {
  return {
    kind: 'done',
    step: { ...about(loaded), bringsWork: STATES_WITH_WORK.includes(state), round: { number, state } },
  };
}

function runDone(loaded: LoadedRun, bringsWork: boolean): Step {
  return { kind: 'done', step: { ...about(loaded), bringsWork, round: null } };
}

function about({ run, participants }: LoadedRun) {
  return { runId: run.id, sites: participants.map((p) => p.siteId) };
}
