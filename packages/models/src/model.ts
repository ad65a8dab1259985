import type { Engine, Tensor, Tensor4D } from '@consilium/engine';
import type { Layout } from '@consilium/tensors';

export type NormalisationSpec = { readonly kind: 'batch' } | { readonly kind: 'group'; readonly groups: number };

/** U-Net (Ronneberger et al. 2015, arXiv:1505.04597): one logit a pixel and output. */
export interface UNetSpec {
  readonly family: 'unet';
  /** Number of poolings; the input's height and width are multiples of 2^depth. */
  readonly depth: number;
  readonly baseFilters: number;
  readonly normalisation: NormalisationSpec;
}

/** ResNet (He et al. 2015, arXiv:1512.03385) with basic blocks: one logit an output. */
export interface ResNetSpec {
  readonly family: 'resnet';
  readonly layers: 18 | 34;
  readonly baseWidth: number;
  readonly normalisation: NormalisationSpec;
}

export type ModelSpec = UNetSpec | ResNetSpec;

/** Shape of the pictures that go in, and the number of outputs: structures (segmentation) or classes (classification). */
export interface ModelPorts {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
}

/**
 * `train` normalises with the batch's own statistics; `infer` with the running ones where the model has them; `measure` does as
 * `train`, but answers the batch's own statistics instead of new running ones.
 */
export type ForwardMode = 'train' | 'infer' | 'measure';

export interface ForwardResult {
  /** U-Net [N,H,W,outputs]; ResNet [N,outputs]. Raw logits. */
  readonly logits: Tensor;
  /**
   * New values of running statistics by index of the layout (batch normalisation only, not in mode `infer`). The caller disposes
   * of them; no tidy does.
   */
  readonly statistics: ReadonlyMap<number, Tensor>;
}

export interface Model {
  readonly spec: ModelSpec;
  readonly ports: ModelPorts;
  readonly layout: Layout;
  /** Initial values in layout order: He-normal filters, unit scales, zero shifts. Same seed, same bytes. Plain JavaScript. */
  initialise(seed: Uint8Array): Float32Array;
  /** The same values in pieces of `length`, the last one shorter: for models that are not held whole. */
  initialChunks(seed: Uint8Array, length: number): Generator<Float32Array<ArrayBuffer>, void, undefined>;
  /**
   * `parameters` are tensors in layout order; `x` is [N,H,W,C]. With `recomputes` a gradient keeps only what lies between
   * blocks of layers and computes the rest a second time: less memory for a third more time.
   */
  forward(
    engine: Engine,
    parameters: readonly Tensor[],
    x: Tensor4D,
    mode: ForwardMode,
    recomputes?: boolean,
  ): ForwardResult;
}
