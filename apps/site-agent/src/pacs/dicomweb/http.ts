import { ConsiliumError } from '@consilium/errors';
import { type Dispatcher, Pool } from 'undici';
import { CredentialReader } from '../credentials.js';
import { networkError } from '../network-error.js';
import { lookupOf, pinAddress, type Resolve } from '../pinned-address.js';
import type { DicomwebSettings } from '../settings.js';
import { serviceUrl } from './service-url.js';

export interface HttpTimes {
  readonly connectMs: number;
  /** Until the first byte of an answer: an archive may have to fetch a study from tape. */
  readonly headersMs: number;
  /** Between two chunks of a body. */
  readonly bodyMs: number;
}

const TIMES: HttpTimes = { connectMs: 15_000, headersMs: 300_000, bodyMs: 60_000 };
const LARGEST_ANSWER_BYTES = 64 * 2 ** 20;

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  /** Below the root of the service; begins with a slash. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: AsyncIterable<Uint8Array>;
}

/** Requests to one DICOMweb service and to nothing else: one origin, one pinned address, no redirect is followed. */
export class HttpService {
  private constructor(
    private readonly pool: Pool,
    private readonly root: string,
    private readonly authorization: string | undefined,
  ) {}

  /** Errors  PACS_ADDRESS_DENIED, PACS_UNREACHABLE (no such name), CONFIG_INVALID (credentials). */
  static async open(
    site: { readonly root: string; readonly name: string; readonly settings: DicomwebSettings },
    connections: number,
    signal: AbortSignal,
    { resolve, times = TIMES }: { readonly resolve?: Resolve; readonly times?: HttpTimes } = {},
  ): Promise<HttpService> {
    const { settings } = site;
    const url = serviceUrl(settings);
    const credentials = new CredentialReader(site.root);
    const tls = credentials.tls(settings);
    const authorization = credentials.authorization(settings);
    credentials.throwIfAny(site.name);
    const target = { host: url.host, port: url.port, allowLoopback: settings.allowLoopback ?? false };
    const pinned = await pinAddress(target, signal, resolve);
    const pool = new Pool(url.origin, {
      connections,
      pipelining: 1,
      headersTimeout: times.headersMs,
      bodyTimeout: times.bodyMs,
      connect: {
        timeout: times.connectMs,
        lookup: lookupOf(pinned),
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.key! }),
      },
    });
    return new HttpService(pool, url.path, authorization);
  }

  /** Errors  PACS_UNREACHABLE, PACS_DENIED, PACS_REFUSED, PACS_ADDRESS_DENIED (a redirect), STOPPED. */
  async ask(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      const { statusCode, headers, body } = await this.pool.request({
        method: question.method,
        path: `${this.root}${question.path}`,
        headers: this.headers(question),
        body: question.body === undefined ? null : (question.body as never),
        signal,
      });
      const contentType = headers['content-type'];
      const answer = { status: statusCode, contentType: [contentType].flat()[0], body };
      if (statusCode >= 300) {
        await body.dump({ limit: 64 * 1024 });
        throw refusal(statusCode);
      }
      return answer;
    } catch (error) {
      throw networkError(error, signal);
    }
  }

  /** Errors  as `ask`; PACS_ANSWER_INVALID when the answer is too large. */
  async text(question: HttpQuestion, signal: AbortSignal): Promise<string> {
    const { body, status } = await this.ask(question, signal);
    if (status === 204) {
      await body.dump();
      return '';
    }
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > LARGEST_ANSWER_BYTES)
          throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an answer larger than 64 MiB' });
        chunks.push(chunk);
      }
    } catch (error) {
      throw networkError(error, signal);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private headers(question: HttpQuestion): Record<string, string> {
    const headers: Record<string, string> = { accept: question.accept, 'user-agent': 'consilium-site-agent' };
    if (question.contentType !== undefined) headers['content-type'] = question.contentType;
    if (this.authorization !== undefined) headers.authorization = this.authorization;
    return headers;
  }
}

function refusal(status: number): ConsiliumError {
  if (status < 400) return new ConsiliumError('PACS_ADDRESS_DENIED', { problem: 'it redirects elsewhere', status });
  if (status === 401 || status === 403) return new ConsiliumError('PACS_DENIED', { status });
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new ConsiliumError('PACS_UNREACHABLE', { status });
  return new ConsiliumError('PACS_REFUSED', { status });
}
