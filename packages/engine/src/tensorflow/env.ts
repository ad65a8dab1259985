/** The only place of the engine that reads or writes the environment. */
export interface EngineEnvironment {
  /** Folder of the engine's installations, when it is not the user's data folder. */
  readonly engineFolder: string | undefined;
  readonly dataHome: string | undefined;
  /** Most memory of a GPU that training may take, in mebibytes. */
  readonly gpuMemoryMebibytes: string | undefined;
  /** Handed on to child processes. */
  readonly inherited: NodeJS.ProcessEnv;
}

export function readEngineEnvironment(source: NodeJS.ProcessEnv = process.env): EngineEnvironment {
  return {
    engineFolder: source.CONSILIUM_ENGINE_DIR || undefined,
    dataHome: source.XDG_DATA_HOME || undefined,
    gpuMemoryMebibytes: source.CONSILIUM_GPU_MEMORY_MIB || undefined,
    inherited: source,
  };
}

/** Node hands these on to the C library, where TensorFlow reads them when it is loaded. What the user has set stays. */
export function setForTensorflow(settings: Readonly<Record<string, string>>, keep: boolean): void {
  for (const [name, value] of Object.entries(settings)) if (!keep || !process.env[name]) process.env[name] = value;
}
