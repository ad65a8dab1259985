import { setTimeout as sleep } from 'node:timers/promises';

export interface RoundView {
  readonly number: number;
  readonly state: string;
  readonly waitsFor: string | null;
  readonly modelDigest: string;
  readonly candidateDigest: string | null;
  readonly missing: readonly string[];
  readonly refused: readonly { readonly site: string; readonly code: string }[];
  readonly abortedBecause: string | null;
  readonly participations: readonly { readonly site: string; readonly state: string }[];
}

export interface RunView {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly waitsFor: string | null;
  readonly participants: readonly { readonly site: string; readonly state: string; readonly exampleCount: number }[];
  readonly rounds: readonly RoundView[];
  readonly initialModelDigest: string;
  readonly finalModels: readonly { readonly site: string | null; readonly digest: string }[];
}

export type Metrics = Readonly<Record<string, number | null>>;

export interface ResultsView {
  readonly metric: string;
  readonly models: readonly {
    readonly digest: string;
    readonly origin: 'initial' | 'global' | 'local';
    readonly site: string | null;
    readonly sites: readonly { readonly site: string; readonly examples: number; readonly metrics: Metrics }[];
    readonly overall: { readonly examples: number; readonly metrics: Metrics };
  }[];
}

export interface AuditPage {
  readonly size: number;
  readonly entries: readonly { readonly seq: number; readonly leafHash: string; readonly entry: unknown }[];
}

const CALL_TIMEOUT_MS = 20_000;
const POLL_MS = 100;

/** The person-facing HTTP as a script would use it. */
export class CoordinatorHttp {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.#send('GET', path)).json()) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return (await (await this.#send('POST', path, body)).json()) as T;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#send('GET', path)).arrayBuffer());
  }

  async submitPlan(plan: unknown): Promise<string> {
    return (await this.post<{ hash: string }>('/api/plans', { plan })).hash;
  }

  async startRun(planHash: string, sites?: readonly string[]): Promise<RunView> {
    return this.post('/api/runs', sites ? { planHash, sites } : { planHash });
  }

  /** Waits for what `find` finds in what `read` answers; a coordinator that is just being restarted may miss a few calls. */
  async until<T, F>(read: () => Promise<T>, find: (view: T) => F | undefined, options: WaitOptions): Promise<F> {
    let last: T | undefined;
    for (const end = Date.now() + options.timeoutMs; ; await sleep(POLL_MS)) {
      options.check?.();
      try {
        last = await read();
        const found = find(last);
        if (found !== undefined) return found;
      } catch (error) {
        if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
      }
      if (Date.now() > end) throw new Error(`not reached in ${options.timeoutMs} ms: ${JSON.stringify(last, null, 1)}`);
    }
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : JSON_BODY) },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Throws when there is nothing to wait for any more. */
  readonly check?: () => void;
}

const JSON_BODY = { 'content-type': 'application/json' };
const ENDED = ['completed', 'failed', 'aborted'];

export function hasEnded(run: RunView): boolean {
  return ENDED.includes(run.state);
}
