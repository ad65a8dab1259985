import type { AdamStep, Variable } from '../engine.js';
import type { Operations } from './operations.js';
import type { TensorEntry } from './upstream.js';

/**
 * One step of AdamW in TensorFlow's own kernel, in place: the variables live as TensorFlow resources, and the tensors of
 * TensorFlow.js show their buffers.
 *
 * Numbers  the kernel has `m / (sqrt(v) + e)`, ours is `mHat / (sqrt(vHat) + epsilon)`: the same with
 *          e = epsilon * sqrt(1 - beta2^step), as Kingma and Ba 2015 give it at the end of section 2.
 */
export function tensorflowAdamStep(operations: Operations, s: AdamStep): void {
  const { binding } = operations;
  const targets = [s.variable, s.firstMoment, s.secondMoment];
  for (const target of targets) makeOwn(operations, target);
  if (s.weightDecay !== 0)
    operations.tf.tidy(() =>
      s.variable.assign(operations.tf.mul(s.variable, 1 - s.learningRate * s.weightDecay) as never),
    );
  const scaled = s.gradientFactor === 1 ? s.gradient : operations.tf.mul(s.gradient, s.gradientFactor);
  const [gradient] = operations.backend.getInputTensorIds([scaled]) as [number];
  const entries = targets.map((target) => operations.backend.tensorMap.get(target.dataId));
  const resources = entries.map((entry) => resourceOf(operations, entry));
  // With a tensor that shows the buffer the kernel would copy it before it writes.
  for (const entry of entries) {
    binding.deleteTensor(entry.id);
    entry.id = -1;
  }
  // Beta powers and epsilon change with the step: all variables of a step share them, and the next step's replace them.
  const inputs = [
    ...resources,
    ...rates(operations, [
      s.beta1 ** s.step,
      s.beta2 ** s.step,
      s.learningRate,
      s.beta1,
      s.beta2,
      s.epsilon * Math.sqrt(1 - s.beta2 ** s.step),
    ]),
    gradient,
  ];
  try {
    operations.callRaw('ResourceApplyAdam', [operations.type(), operations.boolean('use_locking', false)], inputs, 0);
  } finally {
    if (scaled !== s.gradient) scaled.dispose();
    entries.forEach((entry, i) => {
      [entry.id] = operations.callRaw('ReadVariableOp', [operations.type('dtype')], [resources[i]!], 1) as [number];
    });
  }
}

const kept = new WeakMap<Operations, { readonly values: readonly number[]; readonly ids: readonly number[] }>();

function rates(operations: Operations, values: readonly number[]): readonly number[] {
  const last = kept.get(operations);
  if (last?.values.every((value, i) => value === values[i])) return last.ids;
  for (const id of last?.ids ?? []) operations.binding.deleteTensor(id);
  const ids = values.map((value) => operations.temporary(value));
  kept.set(operations, { values, ids });
  return ids;
}

/** The TensorFlow variable behind a tensor; made of its present value at first. */
function resourceOf(operations: Operations, entry: TensorEntry): number {
  if (entry.resourceId !== undefined) return entry.resourceId;
  const { binding } = operations;
  if (entry.values !== null) {
    entry.id = binding.createTensor(entry.shape, entry.dtype, entry.values as Float32Array);
    entry.values = null;
  }
  const attributes = [
    operations.type('dtype'),
    operations.shape('shape', entry.shape),
    operations.text('container', ''),
    // TensorFlow's name for a resource that lives as long as its handle.
    operations.text('shared_name', ANONYMOUS),
  ];
  const [handle] = operations.callRaw('VarHandleOp', attributes, [], 1) as [number];
  entry.resourceId = handle;
  operations.callRaw('AssignVariableOp', [operations.type('dtype')], [handle, entry.id], 0);
  return handle;
}

/** Source  tensorflow/core/framework/resource_handle.h, ResourceHandle::ANONYMOUS_NAME. */
const ANONYMOUS = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/** A variable that shares its tensor with another (a clone, its initial value) gets one of its own. */
function makeOwn({ tf, backend }: Operations, variable: Variable): void {
  if (backend.refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1) as never));
}

/** Lets a resource go with the tensor that it belongs to. */
export function releaseResourcesWithTensors({ backend, binding }: Operations): void {
  const dispose = backend.disposeData.bind(backend);
  backend.disposeData = (dataId, force) => {
    const entry = backend.tensorMap.has(dataId) ? backend.tensorMap.get(dataId) : undefined;
    const isGone = dispose(dataId, force);
    if (isGone && entry?.resourceId !== undefined) {
      binding.deleteTensor(entry.resourceId);
      delete entry.resourceId;
    }
    return isGone;
  };
}
