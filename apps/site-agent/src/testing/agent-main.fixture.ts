import { start } from '../commands/start.js';
import { SOURCE_ENTRY } from '../trainer/source-entry.fixture.js';

/** `start` in a process of its own, from the sources. */
await start({ dir: process.argv[2]! }, { trainerEntry: SOURCE_ENTRY });
