import { fileURLToPath } from 'node:url';
import type { BenchOptions, Row } from './harness/bench.ts';
import { type Contestant, medianMs, peakBytes, startAll, takeTurns } from './harness/contest.ts';

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
/** With PyTorch's first look at the shapes. */
const TURNS = { warmUp: 25, turns: 5, stepsOfATurn: 5 };

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
  await takeTurns(model, all, TURNS);
  const best = peer.toSorted((a, b) => medianMs(a) - medianMs(b))[0];
  const against = best && { name: `${best.stepper.title}, ${best.name}`, ms: medianMs(best), bytes: peakBytes(best) };
  return [
    ...own.flatMap((c) => rowsOf(model, c, against)),
    ...(best ? rowsOf(model, { ...best, name: 'pytorch' }) : []),
  ];
}

function rowsOf(
  model: ModelName,
  contestant: Contestant,
  against?: { readonly name: string; readonly ms: number; readonly bytes: number },
): Row[] {
  const id = `engine.${model}.${contestant.name}`;
  const { title } = contestant.stepper;
  const runs = contestant.steps.length;
  const [ms, bytes] = [medianMs(contestant), peakBytes(contestant)];
  const compared = (ratio: number | null) => ({ against: against?.name ?? null, ratio, load: contestant.load });
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
