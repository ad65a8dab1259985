import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, median, type Row } from './harness/bench.ts';
import { type Step, Stepper } from './harness/stepper.ts';

export const peers = ['pytorch'];

const MODELS = {
  unet: 'U-Net, 4 levels, base 16, 8 x 128x128',
  resnet: 'ResNet-18, base 32, 16 x 128x128',
} as const;
type ModelName = keyof typeof MODELS;

/** Suffix of the id -> back end and mode. `cpu` takes minutes a step and is left out. */
const BACK_ENDS = {
  wasm: ['wasm', 'fast'],
  'wasm.deterministic': ['wasm', 'deterministic'],
  tensorflow: ['tensorflow', 'fast'],
  webgpu: ['webgpu', 'fast'],
} as const;
const LAYOUTS = ['contiguous', 'channels_last'] as const;

const OWN = fileURLToPath(new URL('measured/engine-step.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('peers/pytorch_step.py', import.meta.url));
/** V8 begins with its baseline compilers, PyTorch with its first look at the shapes. */
const WARM_UP = 25;
const TURNS = 5;
/** Steps of a turn: the first finds cold caches and is not counted. */
const STEPS_OF_A_TURN = 5;
/** Until the threads of the one before sleep. */
const PAUSE_MS = 250;

interface Contestant {
  readonly name: string;
  readonly stepper: Stepper;
  readonly steps: Step[];
}

/**
 * Milliseconds a training step (forward, backward, Adam; the batch is ready) of two models on every back end that works here, each in a
 * process of its own with its default number of threads, in turns. With the peer, PyTorch in the same turns: python3, or
 * the one that PYTHON names.
 */
export default async function engine({ peer }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const model of Object.keys(MODELS) as ModelName[]) rows.push(...(await measure(model, peer === 'pytorch')));
  return rows;
}

async function measure(model: ModelName, withPeer: boolean): Promise<Row[]> {
  const own = await startAll(
    Object.entries(BACK_ENDS).map(([name, args]) => [name, process.execPath, [OWN, model, ...args]]),
  );
  const python = process.env.PYTHON ?? 'python3';
  const peer = withPeer ? await startAll(LAYOUTS.map((layout) => [layout, python, [PEER, model, layout]])) : [];
  if (withPeer && peer.length === 0) throw new Error(`${python} has no PyTorch; name one that has it in PYTHON`);
  const all = [...peer, ...own];
  try {
    for (const { stepper } of all) for (let i = 0; i < WARM_UP; i++) await stepper.step();
    for (let turn = 0; turn < TURNS; turn++) {
      process.stderr.write(`${model}: turn ${turn + 1} of ${TURNS}\n`);
      for (const { stepper, steps } of all) {
        await pause(PAUSE_MS);
        for (let i = 0; i < STEPS_OF_A_TURN; i++) {
          const step = await stepper.step();
          if (i > 0) steps.push(step);
        }
      }
    }
  } finally {
    await Promise.all(all.map(({ stepper }) => stepper.stop()));
  }
  const best = peer.toSorted((a, b) => medianMs(a) - medianMs(b))[0];
  const against = best && { name: `${best.stepper.title}, ${best.name}`, ms: medianMs(best), bytes: peakBytes(best) };
  return [
    ...own.flatMap((c) => rowsOf(model, c, against)),
    ...(best ? rowsOf(model, { ...best, name: 'pytorch' }) : []),
  ];
}

type Command = readonly [name: string, file: string, args: readonly string[]];

async function startAll(commands: readonly Command[]): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const [name, file, args] of commands) {
    try {
      contestants.push({ name, stepper: await Stepper.start(file, args), steps: [] });
    } catch (error) {
      process.stderr.write(`${name}: left out, ${(error as Error).message}\n`);
    }
  }
  return contestants;
}

const medianMs = ({ steps }: Contestant) => median(steps.map((step) => step.ms));
const peakBytes = ({ steps }: Contestant) => Math.max(...steps.map((step) => step.bytes));

function rowsOf(
  model: ModelName,
  contestant: Contestant,
  against?: { readonly name: string; readonly ms: number; readonly bytes: number },
): Row[] {
  const id = `engine.${model}.${contestant.name}`;
  const { title } = contestant.stepper;
  const runs = contestant.steps.length;
  const [ms, bytes] = [medianMs(contestant), peakBytes(contestant)];
  const compared = (ratio: number | null) => ({ against: against?.name ?? null, ratio });
  return [
    {
      id,
      what: `a step of ${MODELS[model]}; ${title}`,
      median: ms,
      unit: 'ms',
      runs,
      ...compared(against ? ms / against.ms : null),
    },
    {
      id: `${id}.memory`,
      what: `peak resident memory of the process; ${title}`,
      median: bytes / 1e6,
      unit: 'MB',
      runs: 1,
      ...compared(against ? bytes / against.bytes : null),
    },
  ];
}
