import type { Socket } from 'node:net';

const LOOK_EVERY_MS = 15_000;
/** Far below any line that a hospital uses. */
const FEWEST_BYTES_PER_LOOK = 15 * 1024;
const GRACE_LOOKS = 4;

/**
 * Cuts off a peer that has begun something (an association, a PDU, an object) and goes on with a trickle, or not at all. One
 * between two objects may be silent: the idle limit is for that.
 */
export class SlowPeerWatch {
  private seen: number;
  private slowLooks = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    private readonly isBusy: () => boolean,
    private readonly onSlow: () => void,
    everyMs = LOOK_EVERY_MS,
  ) {
    this.seen = socket.bytesRead;
    this.timer = setInterval(() => this.look(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const bytes = this.socket.bytesRead - this.seen;
    this.seen = this.socket.bytesRead;
    // While our own disk or pace holds the peer, it is not the peer that is slow.
    if (this.socket.isPaused()) return;
    this.slowLooks = this.isBusy() && bytes < FEWEST_BYTES_PER_LOOK ? this.slowLooks + 1 : 0;
    if (this.slowLooks >= GRACE_LOOKS) this.onSlow();
  }
}
