/**
 * A network as data: parameters, initial values and the forward pass all follow from a list of layers.
 * `name` is the path of the layer; its parameters are `<name>.filter`, `<name>.scale` and so on (parameters.ts).
 */
export type Layer =
  | Convolution
  | Normalisation
  | { readonly kind: 'max-pool'; readonly size: number; readonly stride: number }
  | UpConvolution
  | { readonly kind: 'global-average-pool' }
  | Dense
  | SkipConnection
  | ResidualBlock;

/** Same padding; no bias unless it is asked for, since a normalisation follows that has a shift of its own. */
export interface Convolution {
  readonly kind: 'convolution';
  readonly name: string;
  readonly size: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly hasBias: boolean;
  /** Whether a ReLU stands behind it: decides the spread of the initial filters. */
  readonly feedsRelu: boolean;
}

export interface Normalisation {
  readonly kind: 'normalisation';
  readonly name: string;
  readonly channels: number;
  readonly over: 'batch' | 'group';
  /** Groups of channels; 1 for batch normalisation, which has none. */
  readonly groups: number;
  readonly relu: boolean;
}

/** Transposed convolution of 2x2 and stride 2, with a bias: doubles height and width. */
export interface UpConvolution {
  readonly kind: 'up-convolution';
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Dense {
  readonly kind: 'dense';
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Concatenates what `inner` makes of x with x itself, in this order of channels. */
export interface SkipConnection {
  readonly kind: 'skip-connection';
  readonly inner: readonly Layer[];
}

/** relu(body(x) + shortcut(x)); an empty shortcut is x itself. */
export interface ResidualBlock {
  readonly kind: 'residual-block';
  readonly body: readonly Layer[];
  readonly shortcut: readonly Layer[];
}
