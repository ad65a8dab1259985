import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { AdvisedError } from '../failure.js';

/** Below the ports that systems hand out to outgoing connections: one of those may be taken before we listen. */
const CHOSEN = { from: 20_000, to: 30_000 };
const TRIES = 100;

/** Port 0 finds a free one. Errors  ADDRESS_IN_USE. */
export async function freePort(host: string, port: number, option: string): Promise<number> {
  for (let tries = port === 0 ? TRIES : 1; ; tries--) {
    const candidate = port === 0 ? randomInt(CHOSEN.from, CHOSEN.to) : port;
    const probe = createServer();
    try {
      await once(probe.listen(candidate, host), 'listening');
      await once(probe.close(), 'close');
      return candidate;
    } catch (error) {
      if (tries > 1) continue;
      throw new AdvisedError('ADDRESS_IN_USE', `Choose another port with ${option}.`, { host, port: candidate }, error);
    }
  }
}
