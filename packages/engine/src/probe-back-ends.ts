import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BackEnd, BackEndReport } from './engine.js';
import { BACK_ENDS, defaultBackEnds } from './start-engine.js';
import { findGpus } from './tensorflow/gpu.js';
import type { Trial } from './try-back-end.js';

/** A driver may hang. */
const MOST_SECONDS = 120;

/**
 * Tries every back end in turn and measures one training step of a 3x3 convolution on it. Each has a process of its own: a
 * native library that does not suit the processor or the driver ends the process that loads it. Tests start it from the
 * sources, with `execArgv`.
 */
export async function probeBackEnds(execArgv: readonly string[] = process.execArgv): Promise<BackEndReport[]> {
  const reports: Trial[] = [];
  for (const backEnd of BACK_ENDS) reports.push(await tryElsewhere(backEnd, execArgv));
  const chosen = defaultBackEnds().find((backEnd) =>
    reports.some((r) => r.backEnd === backEnd && r.works && (backEnd !== 'tensorflow' || r.device === 'GPU')),
  );
  return reports.map((report) => ({
    ...report,
    isChosen: report.backEnd === chosen,
    ...(!report.works && commandFor(report.backEnd)),
  }));
}

/** The one command that makes a back end work; a graphics driver is its vendor's, and no command of ours. */
function commandFor(backEnd: BackEnd): { command?: string } {
  switch (backEnd) {
    case 'tensorflow':
      return { command: `consilium engine install tensorflow${findGpus().length > 0 ? ' --gpu' : ''}` };
    case 'webgpu':
      return {};
    case 'wasm':
    case 'cpu':
      return { command: 'npm run build' };
  }
}

async function tryElsewhere(backEnd: BackEnd, execArgv: readonly string[]): Promise<Trial> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'; // unbuilt in tests
  const entry = fileURLToPath(new URL(`./probe-process${extension}`, import.meta.url));
  const child = fork(entry, [backEnd], {
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: MOST_SECONDS * 1000,
  });
  let trial: Trial | undefined;
  child.on('message', (message) => {
    trial = message as Trial;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const note = `The process that tried it ended with ${signal ?? `code ${code}`}.`;
  return trial ?? { backEnd, works: false, note, threads: 0 };
}
