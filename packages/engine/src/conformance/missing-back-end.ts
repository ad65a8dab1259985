import { errorCode } from '@consilium/errors';
import type { EngineOptions } from '../engine.js';
import { explain } from '../explain.js';
import { startEngine } from '../start-engine.js';

/** Why a back end does not start on this machine; undefined when it does. An error of another kind is thrown. */
export async function reasonWhyMissing(options: EngineOptions): Promise<string | undefined> {
  try {
    const engine = await startEngine(options);
    await engine.stop();
    return undefined;
  } catch (error) {
    if (errorCode(error) !== 'BACK_END_UNAVAILABLE') throw error;
    return explain(error);
  }
}
