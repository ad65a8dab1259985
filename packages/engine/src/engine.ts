import type * as tfjs from '@tensorflow/tfjs-core';

export type Tf = typeof tfjs;
export type { Tensor, Tensor1D, Tensor2D, Tensor4D, Tensor5D, Variable } from '@tensorflow/tfjs-core';

/** Every back end; start-engine.ts has the order of preference. */
export type BackEnd = 'wasm' | 'tensorflow' | 'webgpu' | 'cpu';

/**
 * deterministic  the same seed gives the same bytes on the same back end, whatever the number of threads; plain SIMD.
 * fast           may use instructions whose last bits differ between processors (relaxed SIMD).
 */
export type EngineMode = 'deterministic' | 'fast';

export interface EngineOptions {
  /** The back end to use; without one, the first that works of those fit for training (never `cpu`). */
  readonly backEnd?: BackEnd;
  readonly mode?: EngineMode;
  /** Threads of the convolution kernels; all cores when it is not given. */
  readonly threads?: number;
}

export interface NormalisationOptions {
  readonly kind: 'batch' | 'group';
  /** Groups of channels (group normalisation only); divides the number of channels. */
  readonly groups: number;
  readonly epsilon: number;
  /** Whether a ReLU follows, fused. */
  readonly relu: boolean;
}

/** Images [N,H,W,C] or volumes [N,D,H,W,C]. */
export type ImagesOrVolumes = tfjs.Tensor4D | tfjs.Tensor5D;

export interface Normalised<X extends ImagesOrVolumes = tfjs.Tensor4D> {
  readonly y: X;
  /** [rows, channels]; rows = 1 for batch, one per image or volume for group normalisation. */
  readonly mean: tfjs.Tensor2D;
  /** 1 / sqrt(variance + epsilon), of the same shape; the variance is the biased one, as in the normalisation itself. */
  readonly reciprocalStdDev: tfjs.Tensor2D;
}

/** Both [N,S]: one number an image (or volume) and structure. */
export interface SegmentationLosses {
  /** Binary cross-entropy, summed over the pixels or voxels. */
  readonly crossEntropy: tfjs.Tensor2D;
  /** 1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1). */
  readonly dice: tfjs.Tensor2D;
}

/** Statistics that follow those of the batches, for use when nothing is learned. */
export interface RunningStatistics {
  /** [C]. */
  readonly mean: tfjs.Tensor1D;
  /** [C]; the biased variance. */
  readonly variance: tfjs.Tensor1D;
}

export interface AdamStep {
  readonly variable: tfjs.Variable;
  readonly gradient: tfjs.Tensor;
  /** Running moments, of the variable's shape; updated in place. */
  readonly firstMoment: tfjs.Variable;
  readonly secondMoment: tfjs.Variable;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay (AdamW); 0 for Adam. */
  readonly weightDecay: number;
  /** The gradient is multiplied by this first (clipping); 1 leaves it as it is. */
  readonly gradientFactor: number;
  /** Number of this step, from 1. */
  readonly step: number;
}

export interface MomentumStep {
  readonly variable: tfjs.Variable;
  readonly gradient: tfjs.Tensor;
  /** Of the variable's shape; updated in place. Without one this is plain gradient descent. */
  readonly velocity?: tfjs.Variable;
  readonly learningRate: number;
  readonly momentum: number;
  /** As in `AdamStep`. */
  readonly gradientFactor: number;
}

/** A started back end: TensorFlow.js with every kernel that training a U-Net and a ResNet needs, of images or of volumes. */
export interface Engine {
  readonly tf: Tf;
  readonly backEnd: BackEnd;
  readonly mode: EngineMode;
  readonly threads: number;
  /** Back ends that would have been chosen before this one, and why they do not work. */
  readonly passedOver: readonly string[];
  /** What the kernels run on, where a back end has a choice; the name of a graphics processor where it is known. */
  readonly device?: string;
  /** Normalisation over batch and space with statistics of `x` itself, scale and shift [C]; has a gradient. */
  normalise<X extends ImagesOrVolumes>(
    x: X,
    scale: tfjs.Tensor1D,
    shift: tfjs.Tensor1D,
    options: NormalisationOptions,
  ): Normalised<X>;
  /**
   * running * momentum + batch * (1 - momentum), from what batch normalisation with `epsilon` gave of a batch. New
   * tensors, without a gradient.
   */
  runningStatistics(
    running: RunningStatistics,
    batch: Normalised<ImagesOrVolumes>,
    epsilon: number,
    momentum: number,
  ): RunningStatistics;
  /** Losses of logits and masks [N,H,W,S] or [N,D,H,W,S], per image and structure; has a gradient by the logits. */
  crossEntropyAndDice(logits: ImagesOrVolumes, masks: ImagesOrVolumes): SegmentationLosses;
  /** Losses [N] of logits [N,C]; `weightedClasses` [N,C] holds the example's weight at its class, 0 elsewhere. */
  softmaxCrossEntropy(logits: tfjs.Tensor2D, weightedClasses: tfjs.Tensor2D): tfjs.Tensor1D;
  /** One step of Adam or AdamW, in place, in one pass. */
  adamStep(step: AdamStep): void;
  /** velocity = momentum * velocity + gradient; the variable goes learningRate * velocity down. In place, in one pass. */
  momentumStep(step: MomentumStep): void;
  /** The L2 norm over all values of all gradients: a scalar that the caller disposes. */
  gradientNorm(gradients: readonly tfjs.Tensor[]): tfjs.Scalar;
  /** Bytes of the heap that the back end has taken; 0 where it cannot tell. */
  heapBytes(): number;
  /**
   * Most bytes that training may take here: of the back end's own bound, the machine's memory and the device's the least.
   * The same in every round, as it does not look at what is free at the moment.
   */
  readonly memoryLimitBytes: number;
  /** Ends the helper threads. The engine is not usable afterwards. */
  stop(): Promise<void>;
}

/** What a back end brings: normalisation and losses of images alone. */
export interface ImageEngine extends Omit<Engine, 'normalise' | 'crossEntropyAndDice' | 'passedOver'> {
  normalise(x: tfjs.Tensor4D, scale: tfjs.Tensor1D, shift: tfjs.Tensor1D, options: NormalisationOptions): Normalised;
  crossEntropyAndDice(logits: tfjs.Tensor4D, masks: tfjs.Tensor4D): SegmentationLosses;
}

/** One row of `consilium doctor`. */
export interface BackEndReport {
  readonly backEnd: BackEnd;
  readonly works: boolean;
  /** Why it does not work, or what is particular about it. */
  readonly note: string;
  /** Effective GFLOP/s of forward + both gradients of a 3x3 convolution; absent when it does not work. */
  readonly gflops?: number;
  readonly threads: number;
  /** As in `Engine`. */
  readonly device?: string;
  /** The one that trains when nobody asks for one by name. */
  readonly isChosen: boolean;
  /** What makes it work, where it does not. */
  readonly command?: string;
}
