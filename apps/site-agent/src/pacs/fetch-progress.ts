import type { Inbox } from './inbox/inbox.js';
import type { FoundStudy } from './pacs.js';
import type { OnProgress } from './request.js';

const PROGRESS_EVERY_MS = 500;

/** Begins with what the ledger has, and adds what is booked: a ledger of a million rows is not counted twice a second. */
export class Progress {
  readonly studyUids: ReadonlySet<string>;
  private readonly expected: Map<string, number>;
  private instancesExpected: number;
  private instances: number;
  private bytes: number;
  private studiesDone = 0;
  private waitsUntil: Date | undefined;
  private shownAt = 0;

  constructor(
    studies: readonly FoundStudy[],
    inbox: Inbox,
    private readonly onProgress: OnProgress,
  ) {
    this.expected = new Map(studies.map(({ studyUid, instances }) => [studyUid, instances ?? 0]));
    this.studyUids = new Set(this.expected.keys());
    this.instancesExpected = [...this.expected.values()].reduce((sum, count) => sum + count, 0);
    const { arrived, bytes } = inbox.counts(this.studyUids);
    [this.instances, this.bytes] = [arrived, bytes];
  }

  /** What a study has turned out to hold. */
  listed(studyUid: string, instances: number): void {
    this.instancesExpected += instances - (this.expected.get(studyUid) ?? 0);
    this.expected.set(studyUid, instances);
  }

  stored(sizeBytes: number): void {
    this.instances++;
    this.bytes += sizeBytes;
    this.mayShow();
  }

  studyDone(): void {
    this.studiesDone++;
    this.mayShow();
  }

  setWaiting(until: Date | undefined): void {
    this.waitsUntil = until;
    this.show();
  }

  show(): void {
    this.shownAt = Date.now();
    this.onProgress({
      studies: this.studiesDone,
      studiesExpected: this.studyUids.size,
      instances: this.instances,
      instancesExpected: Math.max(this.instances, this.instancesExpected),
      bytes: this.bytes,
      waitsUntil: this.waitsUntil,
    });
  }

  private mayShow(): void {
    if (Date.now() - this.shownAt >= PROGRESS_EVERY_MS) this.show();
  }
}
