import { type AddressInfo, createServer } from 'node:net';
import { AdvisedError } from '../failure.js';

/** Port 0 finds a free one. Errors  ADDRESS_IN_USE. */
export async function freePort(host: string, port: number, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) =>
      reject(new AdvisedError('ADDRESS_IN_USE', `Choose another port with ${option}.`, { host, port }, error)),
    );
    probe.listen(port, host, () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => resolve(free));
    });
  });
}
