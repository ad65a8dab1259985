import { ConsiliumError } from '@consilium/errors';

export interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** What is left of it is skipped when the next part is asked for. */
  readonly body: AsyncIterable<Buffer>;
}

const LARGEST_HEADER_BYTES = 16 * 1024;
const CRLF = Buffer.from('\r\n');
const END_OF_HEADER = Buffer.from('\r\n\r\n');

/**
 * The boundary of a multipart/related content type.
 *
 * Errors   PACS_ANSWER_INVALID.
 */
export function boundaryOf(contentType: string | undefined): string {
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? '');
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || !/^\s*multipart\/related\b/i.test(contentType ?? ''))
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'not a multipart answer' });
  return boundary;
}

/**
 * The parts of a multipart body, one after the other, with no more in memory than a chunk and the length of a boundary.
 *
 * Errors   PACS_ANSWER_INVALID (no boundary, no end, header too large); whatever the source throws.
 * Source   RFC 2046 section 5.1.1.
 */
export async function* parseMultipart(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const reader = new Reader(source);
  try {
    yield* parts(reader, boundary);
    await reader.drain();
  } finally {
    await reader.close();
  }
}

async function* parts(reader: Reader, boundary: string): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first boundary may stand at the very beginning, without its line break.
  reader.unread(CRLF);
  for await (const _ of reader.until(delimiter));
  while (true) {
    const after = await reader.take(2);
    if (after.equals(Buffer.from('--'))) return;
    // Spaces may follow a boundary; then comes its line break.
    reader.unread(after);
    for await (const padding of reader.until(CRLF))
      if (/[^ \t]/.test(padding.toString('latin1'))) throw invalid('a boundary inside a line');
    const headers = await readHeaders(reader);
    const bytes = reader.until(delimiter);
    // Without `return`: a caller who stops in the middle of a part leaves the rest of it to the line below.
    yield { headers, body: { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) } };
    for await (const _ of bytes);
  }
}

async function readHeaders(reader: Reader): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  reader.unread(CRLF); // so that no header at all ends in the same four bytes
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reader.until(END_OF_HEADER)) {
    length += chunk.length;
    if (length > LARGEST_HEADER_BYTES) throw invalid('a part with a header too large');
    chunks.push(chunk);
  }
  for (const line of Buffer.concat(chunks).toString('latin1').split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return headers;
}

function invalid(problem: string): ConsiliumError {
  return new ConsiliumError('PACS_ANSWER_INVALID', { problem });
}

class Reader {
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([bytes, this.held]);
  }

  async take(length: number): Promise<Buffer> {
    while (this.held.length < length) await this.more();
    const bytes = this.held.subarray(0, length);
    this.held = this.held.subarray(length);
    return bytes;
  }

  /** Everything before `mark`, which is consumed as well. Asked again after its end, it gives nothing. */
  async *until(mark: Buffer): AsyncGenerator<Buffer> {
    while (true) {
      const at = this.held.indexOf(mark);
      if (at >= 0) {
        const bytes = this.held.subarray(0, at);
        this.held = this.held.subarray(at + mark.length);
        if (bytes.length > 0) yield bytes;
        return;
      }
      // The last bytes may be the beginning of the mark.
      const safe = this.held.length - mark.length + 1;
      if (safe > 0) {
        const bytes = this.held.subarray(0, safe);
        this.held = this.held.subarray(safe);
        yield bytes;
      }
      await this.more();
    }
  }

  /** To the end of the source, so that a connection can be used again. */
  async drain(): Promise<void> {
    while (!(await this.source.next()).done);
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }

  private async more(): Promise<void> {
    const { value, done } = await this.source.next();
    if (done) throw invalid('it ends too early');
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
  }
}
