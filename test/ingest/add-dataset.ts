import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../apps/site-agent/dist/main.js', import.meta.url));
const LOOK_MS = 100;

export interface AddedDataset {
  readonly elapsedMs: number;
  /** Highest resident memory of the process with its threads. */
  readonly peakBytes: number;
  readonly signal: NodeJS.Signals | null;
  readonly version: string | undefined;
  /** Undefined when the process was killed. */
  readonly report:
    | { readonly filesIn: number; readonly filesCounted: number; readonly usable: number; readonly kept: number }
    | undefined;
}

/** Runs `dataset add` as a person does, and kills it once its progress says that so many pictures are read. */
export async function addDataset(
  site: string,
  films: string,
  choices: { killAtFiles?: number },
): Promise<AddedDataset> {
  const startedAt = performance.now();
  const words = ['dataset', 'add', 'films', '--dir', site, '--from', films, '--json'];
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    const done = /reading pictures: ([\d,]+) of/.exec(text)?.[1]?.replaceAll(',', '');
    if (choices.killAtFiles !== undefined && Number(done) >= choices.killAtFiles) child.kill('SIGKILL');
  });
  let peakBytes = 0;
  const look = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid!));
  }, LOOK_MS);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (...ended) => resolve(ended));
  });
  clearInterval(look);
  const elapsedMs = performance.now() - startedAt;
  if (code !== 0) return { elapsedMs, peakBytes, signal, version: undefined, report: undefined };
  const { version, report } = JSON.parse(output) as Pick<AddedDataset, 'report'> & { version: string };
  return { elapsedMs, peakBytes, signal, version, report };
}

/** Linux's high-water mark of a process; 0 when it has gone. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
