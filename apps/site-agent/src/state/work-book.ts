import type { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
import type { Part } from '../datasets/image.js';
import { inTransaction } from './site-database.js';

/** What the plan of a run can ask of one site at most. */
export interface WorkBounds {
  /** The last round that there can be, aborted ones among them. */
  readonly lastRound: number;
  /** Models that are tested on test data after the last round. */
  readonly testModels: number;
}

export interface WorkCounts {
  readonly trainings: number;
  readonly validations: number;
  readonly tests: number;
}

/**
 * The site's own count of what it has done in each run, whatever a coordinator says: a round is trained once, from one model; each
 * round's training earns one model a validation; and the test data are opened once, for the models that the plan ends with. From
 * then on the site trains and validates no more in that run. Asking for the same again costs nothing and gets the same answer.
 */
export class WorkBook {
  constructor(private readonly database: DatabaseSync) {}

  /** Errors  TRAINING_REFUSED. */
  beginTraining(runId: string, round: number, baseModelDigest: string, bounds: WorkBounds): void {
    inTransaction(this.database, () => {
      const begun = this.database
        .prepare('SELECT base_model_digest AS base FROM training WHERE run_id = ? AND round = ?')
        .get(runId, round) as { base: string } | undefined;
      if (begun && begun.base !== baseModelDigest) throw refusedTraining('this round was begun from another model');
      const { tests } = this.counts(runId);
      if (tests > 0) throw refusedTraining('the test data of this run have been opened');
      if (begun) return;
      if (!(round >= 1 && round <= bounds.lastRound)) throw refusedTraining('the plan has no such round');
      if (round < this.lastRound(runId)) throw refusedTraining('a later round has been trained');
      this.database
        .prepare('INSERT INTO training VALUES (?, ?, ?, ?)')
        .run(runId, round, baseModelDigest, new Date().toISOString());
    });
  }

  /** Counts an evaluation that is about to begin; one that was counted before is not again. Errors  EVALUATION_REFUSED. */
  beginEvaluation(runId: string, part: Part, modelDigest: string, bounds: WorkBounds): void {
    inTransaction(this.database, () => {
      if (this.hasBegun(runId, part, modelDigest)) return;
      const { trainings, validations, tests } = this.counts(runId);
      if (part === 'train') throw refusedEvaluation('no plan asks for an evaluation on training data');
      if (part === 'validation' && tests > 0) throw refusedEvaluation('the test data of this run have been opened');
      if (part === 'validation' && validations >= trainings)
        throw refusedEvaluation('each round that was trained has had its validation');
      if (part === 'test' && tests >= bounds.testModels)
        throw refusedEvaluation('the test data were opened for the models that the plan ends with');
      this.database
        .prepare('INSERT INTO evaluation VALUES (?, ?, ?, ?, NULL)')
        .run(runId, part, modelDigest, new Date().toISOString());
    });
  }

  /** The answer that was given before, or is to be given again because it may have been lost. */
  answer(runId: string, part: Part, modelDigest: string): unknown {
    const row = this.database
      .prepare('SELECT answer FROM evaluation WHERE run_id = ? AND part = ? AND model_digest = ?')
      .get(runId, part, modelDigest) as { answer: string | null } | undefined;
    return row?.answer ? (JSON.parse(row.answer) as unknown) : undefined;
  }

  /** Before its first byte is sent. */
  keepAnswer(runId: string, part: Part, modelDigest: string, answer: unknown): void {
    this.database
      .prepare('UPDATE evaluation SET answer = ? WHERE run_id = ? AND part = ? AND model_digest = ?')
      .run(JSON.stringify(answer), runId, part, modelDigest);
  }

  counts(runId: string): WorkCounts {
    const count = (sql: string, ...values: string[]) =>
      (this.database.prepare(sql).get(runId, ...values) as { n: number }).n;
    const ofPart = (part: Part) => count('SELECT count(*) AS n FROM evaluation WHERE run_id = ? AND part = ?', part);
    return {
      trainings: count('SELECT count(*) AS n FROM training WHERE run_id = ?'),
      ...{ validations: ofPart('validation'), tests: ofPart('test') },
    };
  }

  /** The last one that was begun; 0 before the first. */
  lastRound(runId: string): number {
    const row = this.database.prepare('SELECT max(round) AS last FROM training WHERE run_id = ?').get(runId);
    return (row as { last: number | null }).last ?? 0;
  }

  private hasBegun(runId: string, part: Part, modelDigest: string): boolean {
    const statement = 'SELECT 1 FROM evaluation WHERE run_id = ? AND part = ? AND model_digest = ?';
    return this.database.prepare(statement).get(runId, part, modelDigest) !== undefined;
  }
}

function refusedTraining(problem: string): ConsiliumError {
  return new ConsiliumError('TRAINING_REFUSED', { problem });
}

function refusedEvaluation(problem: string): ConsiliumError {
  return new ConsiliumError('EVALUATION_REFUSED', { problem });
}
