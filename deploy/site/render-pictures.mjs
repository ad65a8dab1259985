// `node deploy/site/render-pictures.mjs [--check]`: draws the pictures of preprocessing.md, or says which are not what the code draws.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolvePlan } from '@consilium/plan';
import { decode, encode } from 'fast-png';
import { preprocess } from '../../apps/site-agent/dist/preprocessing/preprocess.js';
import { chestFilm, chestSlice, headSlice } from './phantoms.mjs';

const FOLDER = new URL('pictures/', import.meta.url);
const SIDE = 176;
const GAP = 4;
/** Fewer greys make smaller files, and the eye does not miss them. */
const GREYS = 48;
/** What z-score gives, from black to white. */
const DEVIATIONS = [-2, 2.5];

const chest = chestSlice();
const head = headSlice(0.04);
const noisyHead = headSlice(0.13);
const film = chestFilm();
const SQUARE = { height: SIDE, width: SIDE };
const LUNG = { intensity: { kind: 'window', preset: 'lung' } };
const SMOOTH = { denoise: { kind: 'gaussian', sigmaPixels: 0.7 } };
const MIN_MAX = { intensity: { kind: 'min-max' } };
const window = (preset) => ({ intensity: { kind: 'window', preset } });

/** Per picture its panels from left to right: a phantom and the words of a plan. */
const PICTURES = {
  steps: [
    [chest, MIN_MAX],
    [chest, { ...LUNG, ...SMOOTH }],
    [chest, { ...LUNG, ...SMOOTH, contrast: { kind: 'clahe' } }],
    [
      chest,
      { ...LUNG, ...SMOOTH, contrast: { kind: 'clahe' }, crop: { kind: 'centre-mm', heightMm: 340, widthMm: 340 } },
    ],
  ],
  denoise: [
    [noisyHead, {}],
    [noisyHead, { denoise: { kind: 'median', radius: 1 } }],
    [noisyHead, { denoise: { kind: 'median', radius: 2 } }],
    [noisyHead, { denoise: { kind: 'gaussian', sigmaPixels: 1 } }],
  ],
  spacing: [400, 520].flatMap((fieldOfViewMm) => {
    const slice = chestSlice(fieldOfViewMm);
    const asStored = { ...LUNG, crop: { kind: 'centre', ...SQUARE } };
    return [
      [slice, asStored],
      [slice, { ...asStored, spacingMm: { row: 2.2, column: 2.2 } }],
    ];
  }),
  windows: ['lung', 'mediastinum', 'bone', 'liver'].map((preset) => [chest, window(preset)]),
  intensity: [
    [head, MIN_MAX],
    [head, { intensity: { kind: 'percentile', low: 1, high: 99 } }],
    [head, { intensity: { kind: 'z-score' } }],
    [head, { intensity: { kind: 'z-score', over: 'foreground' } }],
  ],
  contrast: [
    [film, {}],
    [film, { contrast: { kind: 'equalise' } }],
    [film, { contrast: { kind: 'clahe', tiles: 8, clipLimit: 2 } }],
    [film, { contrast: { kind: 'clahe', tiles: 8, clipLimit: 6 } }],
  ],
  crop: [
    [chest, LUNG],
    [chest, { ...LUNG, crop: { kind: 'centre', height: 160, width: 160 } }],
    [chest, { ...LUNG, crop: { kind: 'centre-mm', heightMm: 200, widthMm: 200 } }],
    [chest, { ...LUNG, crop: { kind: 'foreground', marginPixels: 2 } }],
  ],
  fit: ['pad', 'stretch', 'crop'].map((fit) => [film, { fit }]),
};

/** As a site would do it, with the plan checked and its numbers written out; the mask as a white outline. */
function panel([picture, words]) {
  const plan = resolvePlan({
    name: 'pictures',
    purpose: 'Show what preprocessing does.',
    intendedUse: 'None.',
    task: { kind: 'classification', classes: ['without', 'with'] },
    data: { dataset: 'pictures', modality: 'CT' },
    preprocessing: { ...SQUARE, ...words },
    model: { family: 'resnet' },
    training: {},
    rounds: { count: 1 },
    strategy: { name: 'local' },
    seed: 1,
  });
  const { image, mask } = preprocess(picture, plan.preprocessing);
  const [low, high] = plan.preprocessing.intensity.kind === 'z-score' ? DEVIATIONS : [0, 1];
  return Uint8Array.from(image, (value, i) => {
    if (isOutline(mask, i)) return 255;
    const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
    return Math.round((Math.round(share * (GREYS - 1)) * 255) / (GREYS - 1));
  });
}

function isOutline(mask, i) {
  const column = i % SIDE;
  if (mask[i] === 1) return false;
  return (
    mask[i - SIDE] === 1 ||
    mask[i + SIDE] === 1 ||
    (column > 0 && mask[i - 1] === 1) ||
    (column < SIDE - 1 && mask[i + 1] === 1)
  );
}

function draw(panels) {
  const width = panels.length * (SIDE + GAP) - GAP;
  const data = new Uint8Array(width * SIDE).fill(255);
  panels.map(panel).forEach((values, at) => {
    for (let y = 0; y < SIDE; y++) data.set(values.subarray(y * SIDE, (y + 1) * SIDE), y * width + at * (SIDE + GAP));
  });
  return { width, height: SIDE, data, channels: 1, depth: 8 };
}

function isFresh(file, drawn) {
  try {
    const kept = decode(readFileSync(file));
    return kept.width === drawn.width && Buffer.compare(kept.data, drawn.data) === 0;
  } catch {
    return false;
  }
}

const isCheck = process.argv.includes('--check');
mkdirSync(FOLDER, { recursive: true });
for (const [name, panels] of Object.entries(PICTURES)) {
  const file = new URL(`${name}.png`, FOLDER);
  const drawn = draw(panels);
  if (!isCheck) writeFileSync(file, encode(drawn, { zlib: { level: 9 } }));
  else if (!isFresh(file, drawn)) {
    console.error(`deploy/site/pictures/${name}.png is not what the code draws: node deploy/site/render-pictures.mjs`);
    process.exitCode = 1;
  }
}
