import { isRoundOver, type RoundState } from '@consilium/rounds';
import { Inject, Injectable } from '@nestjs/common';
import { UploadArea } from '../chunks/upload-area.js';
import { CONFIG, type Config } from '../platform/config.js';
import { UpdateRetention } from './update-retention.js';
import { WorkBell } from './work-bell.js';

/** A step of a run that has been committed. */
export interface CommittedStep {
  readonly runId: string;
  readonly sites: readonly string[];
  /** Whether the sites may have something to do now that they had not before. */
  readonly bringsWork: boolean;
  /** Null for a step of the run itself. */
  readonly round: { readonly number: number; readonly state: RoundState } | null;
}

/** What follows a commit: whoever waits is told, and what is of no more use is dropped. All of it may be lost in a crash. */
@Injectable()
export class Announce {
  constructor(
    private readonly uploads: UploadArea,
    private readonly bell: WorkBell,
    private readonly retention: UpdateRetention,
    @Inject(CONFIG) private readonly config: Pick<Config, 'reach'>,
  ) {}

  async announce({ runId, sites, bringsWork, round }: CommittedStep): Promise<void> {
    if (bringsWork) this.bell.ring(sites);
    if (round === null || isRoundOver(round.state)) this.retention.wake();
    if (round === null) return;
    if (isRoundOver(round.state)) await this.uploads.dropRound(runId, round.number);
    // In the middle of `aggregating` there is a point of its own.
    const { state } = round;
    if (state !== 'planned' && state !== 'aborted' && state !== 'aggregating') this.config.reach(state);
  }
}
