/** What our handlers use of the HTTP framework's request and reply. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>> & {
    readonly authorization?: string;
    readonly cookie?: string;
  };
}

export interface HttpReply {
  status(code: number): HttpReply;
  header(name: string, value: string): HttpReply;
  send(body: unknown): unknown;
}
