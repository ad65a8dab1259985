import { layoutLength, payloadBytes, sha256Hex } from '@consilium/tensors';
import { expect, it } from 'vitest';
import { buildModel } from './build-model.js';
import { deriveSeed } from './derive-seed.js';
import type { ModelPorts, ModelSpec } from './model.js';
import { parameterCount, requireFewParameters } from './parameter-count.js';

const ports = (outputs: number): ModelPorts => ({ height: 64, width: 64, channels: 1, outputs });
const batch = { kind: 'batch' } as const;
const resnet = (layers: 18 | 34, baseWidth: number): ModelSpec => ({
  ...{ family: 'resnet', layers, baseWidth, normalisation: batch },
});
const unet = (depth: number, baseFilters: number): ModelSpec => ({
  ...{ family: 'unet', depth, baseFilters, normalisation: { kind: 'group', groups: 4 } },
});

it('counts the parameters of a model from its description, whatever its size', () => {
  for (const spec of [resnet(18, 4), resnet(34, 64), unet(1, 4), unet(4, 16)])
    expect(parameterCount(spec, ports(3))).toBe(layoutLength(buildModel(spec, ports(3)).layout));
  // The largest that a plan can name: 8 GB of weights, counted in a moment.
  expect(parameterCount(unet(6, 128), ports(1))).toBe(1_990_664_321);
});

it('refuses a model of more parameters than the bound, with both', () => {
  const parameters = parameterCount(resnet(18, 4), ports(2));
  expect(() => requireFewParameters(resnet(18, 4), ports(2), parameters)).not.toThrow();
  expect(() => requireFewParameters(resnet(18, 4), ports(2), parameters - 1)).toThrow(
    expect.objectContaining({ code: 'MODEL_TOO_LARGE', detail: { parameters, most: parameters - 1 } }),
  );
});

it('begins with the same bytes in one piece or in many; they have been these since the first version', () => {
  const model = buildModel(resnet(18, 16), ports(2));
  const seed = deriveSeed(7, 0, '', 'initialise');
  const whole = model.initialise(seed);
  expect(whole).toHaveLength(703_186);
  expect(sha256Hex(payloadBytes(whole))).toBe('5600cdffb8fbe418dd90622087f516be2e1ce055e0eddac9830e57c3588775cb');
  for (const length of [1000, 262_144, 703_186, 1e9]) {
    const pieces = [...model.initialChunks(seed, length)];
    expect(pieces.slice(0, -1).every((piece) => piece.length === length)).toBe(true);
    expect(Buffer.concat(pieces.map(payloadBytes)).equals(payloadBytes(whole))).toBe(true);
  }
});
