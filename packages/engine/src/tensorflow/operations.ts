import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { Binding, UpstreamBackend } from './upstream.js';

/** One attribute of a TensorFlow operation, as the addon takes it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Calls TensorFlow's operations by name; inputs and outputs are tensors of TensorFlow.js. */
export class Operations {
  private readonly scalars = new Map<string, number>();

  constructor(
    readonly tf: Tf,
    readonly backend: UpstreamBackend,
  ) {}

  get binding(): Binding {
    return this.backend.binding;
  }

  /** A call whose outputs are tensors, owned by the tidy around it. */
  call(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[], outputs = 1): Tensor[] {
    const ids = this.backend.getInputTensorIds(inputs);
    return this.binding.executeOp(name, attributes, ids, outputs).map((info) => this.backend.createOutputTensor(info));
  }

  /** A call on raw handles; whoever calls deletes the handles that come back. */
  callRaw(name: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): number[] {
    return this.binding.executeOp(name, attributes, ids, outputs).map(({ id }) => id);
  }

  /** The handle of a constant: made once, kept until `dispose`. */
  constant(value: number | readonly number[], kind: 'float32' | 'int32' = 'float32'): number {
    const key = `${kind} ${typeof value} ${value}`;
    const known = this.scalars.get(key);
    if (known !== undefined) return known;
    const id = this.temporary(value, kind);
    this.scalars.set(key, id);
    return id;
  }

  /** The handle of a constant that the caller deletes. */
  temporary(value: number | readonly number[], kind: 'float32' | 'int32' = 'float32'): number {
    const values = typeof value === 'number' ? [value] : value;
    const shape = typeof value === 'number' ? [] : [value.length];
    return kind === 'float32'
      ? this.binding.createTensor(shape, this.binding.TF_FLOAT, Float32Array.from(values))
      : this.binding.createTensor(shape, this.binding.TF_INT32, Int32Array.from(values));
  }

  dispose(): void {
    for (const id of this.scalars.values()) this.binding.deleteTensor(id);
    this.scalars.clear();
  }

  float(name: string, value: number): Attribute {
    return { name, type: this.binding.TF_ATTR_FLOAT, value };
  }
  integer(name: string, value: number | readonly number[]): Attribute {
    return { name, type: this.binding.TF_ATTR_INT, value };
  }
  boolean(name: string, value: boolean): Attribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }
  text(name: string, value: string): Attribute {
    return { name, type: this.binding.TF_ATTR_STRING, value };
  }
  shape(name: string, value: readonly number[]): Attribute {
    return { name, type: this.binding.TF_ATTR_SHAPE, value };
  }
  /** The type attribute of an operation; float32 unless told. */
  type(name = 'T', value: number = this.binding.TF_FLOAT): Attribute {
    return { name, type: this.binding.TF_ATTR_TYPE, value };
  }
}
