import path from 'node:path';
import type { Authority } from '@consilium/pki';
import { certifyHosts, daysLeft, type FederationFolder, RENEW_DAYS } from '../federation-folder.js';

const LOOK_EVERY_MS = 6 * 3_600_000;
const REMIND_EVERY_MS = 86_400_000;

/** Renews the coordinator's certificate as long as `up` runs, and warns of the end of the authority, which cannot be renewed. */
export class CertificateWatch {
  #timer: NodeJS.Timeout | undefined;
  #remindedAtMs = 0;
  #coordinatorPid: () => number | undefined = () => undefined;

  constructor(
    private readonly folder: FederationFolder,
    private readonly authority: Authority,
    private readonly hosts: readonly string[],
    private readonly tell: (sentence: string) => void = () => {},
  ) {}

  /** Looks now. Errors  CERTIFICATE_INVALID. */
  async look(): Promise<void> {
    const before = await daysLeft(path.join(this.folder.tls, 'server.pem'));
    if ((await certifyHosts(this.folder, this.authority, this.hosts)) && before !== undefined && before < RENEW_DAYS) {
      this.tell(
        `The coordinator's certificate ${endOf(before)}; it has been renewed for a year. Sites have nothing to do.`,
      );
      const pid = this.#coordinatorPid();
      // Windows has no such signal: there the coordinator finds it by itself within a minute.
      if (pid !== undefined && process.platform !== 'win32') process.kill(pid, 'SIGHUP');
    }
    const left = await daysLeft(path.join(this.folder.authority, 'ca.pem'));
    if (left === undefined || left >= RENEW_DAYS || Date.now() - this.#remindedAtMs < REMIND_EVERY_MS) return;
    this.#remindedAtMs = Date.now();
    this.tell(authorityWarning(left));
  }

  /** Looks four times a day from now on. */
  begin(coordinatorPid: () => number | undefined): void {
    this.#coordinatorPid = coordinatorPid;
    this.#timer = setInterval(() => {
      this.look().catch((error: unknown) => this.tell(`The coordinator's certificate could not be renewed: ${error}`));
    }, LOOK_EVERY_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** "expired 3 days ago", "expires in 12 days". */
export function endOf(left: number): string {
  return left < 0 ? `expired ${-left} days ago` : `expires in ${left} days`;
}

export function authorityWarning(left: number): string {
  return `The federation's certificate authority ${endOf(left)}, and every certificate with it: make a new folder with \`consilium up --dir\`, and a new certificate for every site.`;
}
