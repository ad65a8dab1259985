import { ConsiliumError } from '@consilium/errors';
import { type Rate, TokenBucket } from '@consilium/grpc';
import type { CoordinatorService } from '@consilium/proto';

export type CallKind = keyof typeof CoordinatorService.method;

/**
 * How often one site may call. An agent says hello when it connects, polls when it is idle, reports twice a second at most, and
 * calls each of the others a few times for a piece of work; a site with very short work comes nowhere near.
 */
export const CALL_RATES = {
  hello: { burst: 20, perMinute: 30 },
  pollWork: { burst: 300, perMinute: 1200 },
  answerInvitation: { burst: 100, perMinute: 120 },
  reportProgress: { burst: 300, perMinute: 600 },
  fetchChunks: { burst: 300, perMinute: 1200 },
  offerManifest: { burst: 300, perMinute: 600 },
  putChunks: { burst: 300, perMinute: 600 },
  submitUpdate: { burst: 100, perMinute: 300 },
  submitEvaluation: { burst: 300, perMinute: 1200 },
  leaveRun: { burst: 100, perMinute: 120 },
} as const satisfies Record<CallKind, Rate>;

/** Refusals that a site may call forth; beyond them it does not listen, and its connection is cut. */
const REFUSALS: Rate = { burst: 200, perMinute: 300 };

/** Counts the calls of each site, before anything is looked up for them. */
export class CallBudget {
  private readonly buckets = new Map<string, TokenBucket>();

  /** `cut` ends the connection of the call. Errors  RATE_LIMITED, with how long to wait. */
  spend(siteId: string, kind: CallKind, cut: () => void): void {
    const retryAfterMs = this.bucket(`${siteId} ${kind}`, CALL_RATES[kind]).take();
    if (retryAfterMs === 0) return;
    if (this.bucket(`${siteId} refusals`, REFUSALS).take() > 0) cut();
    throw new ConsiliumError('RATE_LIMITED', { siteId, call: kind, retryAfterMs });
  }

  private bucket(name: string, rate: Rate): TokenBucket {
    const known = this.buckets.get(name);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(rate);
    this.buckets.set(name, bucket);
    return bucket;
  }
}
