/** The only place that reads the environment. */
export interface Environment {
  readonly logLevel: string | undefined;
  /** Engine back end to use instead of the first that works. */
  readonly backEnd: string | undefined;
  readonly killPoint: string | undefined;
  readonly killLog: string | undefined;
}

export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  return {
    logLevel: source.CONSILIUM_LOG_LEVEL,
    backEnd: source.CONSILIUM_BACK_END,
    killPoint: source.CONSILIUM_KILL_POINT,
    killLog: source.CONSILIUM_KILL_LOG,
  };
}
