import { totalmem } from 'node:os';

/** The rest is for the agent, the pictures that are read ahead, and the system. */
const SHARE_FOR_TRAINING = 0.8;

/** What training may take of the machine's memory, or of what its container allows. */
export function machineMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return SHARE_FOR_TRAINING * Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY);
}
