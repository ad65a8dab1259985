/** What the environment may say; nothing else reads it. */
export interface Environment {
  /** A hospital's own PostgreSQL instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Folder of the federation, when a command does not name one. */
  readonly federationFolder: string | undefined;
  /** When the command that led here was typed, in milliseconds since 1970; set by deploy/setup. */
  readonly startedAtMs: number | undefined;
  /** Handed on to child processes. */
  readonly inherited: NodeJS.ProcessEnv;
}

export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const startedAtMs = Number(source.CONSILIUM_STARTED_AT);
  return {
    databaseUrl: source.DATABASE_URL || undefined,
    federationFolder: source.CONSILIUM_DIR || undefined,
    startedAtMs: startedAtMs > 0 ? startedAtMs : undefined,
    inherited: source,
  };
}
