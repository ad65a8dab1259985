import { ConsiliumError, isErrorCode } from '@consilium/errors';
import type { ModelView, PlanView, RunOutlook, RunResults, RunView, SiteView } from './contract.js';

/** Where a coordinator's person-facing HTTP is, and the token that opens it. */
export interface CoordinatorAddress {
  readonly url: string;
  readonly token: string;
}

const TIMEOUT_MS = 30_000;

/** The coordinator's HTTP, typed. Errors  those of the coordinator by their code; COORDINATOR_UNREACHABLE. */
export class CoordinatorClient {
  constructor(readonly address: CoordinatorAddress) {}

  /** An address that opens the page in a browser, once and within ten minutes. */
  async page(): Promise<string> {
    const { path } = await this.#json<{ path: string }>('POST', '/api/sign-in-links');
    return this.address.url + path;
  }

  async health(): Promise<{ federation: string; version: string }> {
    return this.#json('GET', '/api/health');
  }

  async sites(): Promise<SiteView[]> {
    return this.#json('GET', '/api/sites');
  }

  async submitPlan(plan: unknown): Promise<PlanView> {
    return this.#json('POST', '/api/plans', { plan });
  }

  async startRun(planHash: string, sites: readonly string[] | undefined): Promise<RunView> {
    return this.#json('POST', '/api/runs', sites ? { planHash, sites } : { planHash });
  }

  /** What a run would do; nothing is stored. */
  async tryRun(planHash: string, sites: readonly string[] | undefined): Promise<RunOutlook> {
    return this.#json('POST', '/api/runs', { planHash, dryRun: true, ...(sites ? { sites } : {}) });
  }

  async runs(): Promise<RunView[]> {
    return this.#json('GET', '/api/runs');
  }

  async run(id: string): Promise<RunView> {
    return this.#json('GET', `/api/runs/${encodeURIComponent(id)}`);
  }

  async abortRun(id: string, reason: string): Promise<RunView> {
    return this.#json('POST', `/api/runs/${encodeURIComponent(id)}/abort`, { reason });
  }

  async results(id: string): Promise<RunResults> {
    return this.#json('GET', `/api/runs/${encodeURIComponent(id)}/results`);
  }

  async models(): Promise<ModelView[]> {
    return this.#json('GET', '/api/models');
  }

  /** The bytes of a model as safetensors, as they come. */
  async safetensors(digest: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send('GET', `/api/models/${encodeURIComponent(digest)}/safetensors`);
    if (!response.body) throw new ConsiliumError('ANSWER_LOST');
    return response.body;
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, body);
    return (await response.json()) as T;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.address.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.address.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new ConsiliumError('COORDINATOR_UNREACHABLE', { address: this.address.url }, error);
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

/** The coordinator's own code; its problems, one by one, become the facts of the error. */
async function errorOf(response: Response): Promise<ConsiliumError> {
  const body = (await response.json().catch(() => ({}))) as {
    code?: unknown;
    problems?: readonly { path: string; message: string; nearest?: string }[];
  };
  if (!isErrorCode(body.code)) return new ConsiliumError('INTERNAL', { status: response.status });
  const problems = (body.problems ?? []).map(
    ({ path, message, nearest }) =>
      [path || 'request', nearest ? `${message}; did you mean ${nearest}?` : message] as const,
  );
  return new ConsiliumError(body.code, Object.fromEntries(problems));
}
