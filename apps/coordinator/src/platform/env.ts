/** The only reader of the environment. Names are read here, meaning is given in `config.ts`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function readEnvironment(): Environment {
  return process.env;
}
