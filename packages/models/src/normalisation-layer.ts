import { ConsiliumError } from '@consilium/errors';
import type { Normalisation } from './layer.js';
import type { NormalisationSpec } from './model.js';

/** The normalisation that `spec` asks for, at `channels` channels. Errors  MODEL_SPEC_INVALID. */
export function normalisation(
  spec: NormalisationSpec,
  name: string,
  channels: number,
  { relu }: { readonly relu: boolean },
): Normalisation {
  const groups = spec.kind === 'batch' ? 1 : Math.min(spec.groups, channels);
  if (!Number.isSafeInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new ConsiliumError('MODEL_SPEC_INVALID', { reason: 'groups do not divide the channels', groups, channels });
  return { kind: 'normalisation', name, channels, over: spec.kind, groups, relu };
}
