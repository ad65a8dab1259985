import { realpathSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as util from 'node:util';
import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { InstallationFolder } from './installation.js';

/**
 * The one place that bridges upstream's `@tensorflow/tfjs-node` 4.22.0 to this Node and to our TensorFlow.js.
 *
 * - It asks for `@tensorflow/tfjs`, the union package; it gets our one instance of tfjs-core, so that kernels, gradients
 *   and tensors are shared. Its kernels use nothing of the rest.
 * - Its entry would look for the addon through node-pre-gyp and load readers of saved models: the two files that hold the
 *   kernels are loaded instead, and the protocol buffers of TensorBoard are left out.
 * - Node 23 removed `util.isNullOrUndefined` and `util.isArray`, which it calls; Node 22 warns about them.
 */
const require = createRequire(import.meta.url);

const UNION_AND_CORE: ReadonlySet<string> = new Set(['@tensorflow/tfjs', '@tensorflow/tfjs-core']);

type DataId = TensorInfo['dataId'];

/** The addon: TensorFlow's eager C API. */
export interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  executeOp(name: string, attributes: readonly unknown[], inputs: readonly number[], outputs: number): OutputInfo[];
  isUsingGpuDevice(): boolean;
}

export interface OutputInfo {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** What upstream's back end knows of a tensor. */
export interface TensorEntry {
  shape: number[];
  dtype: number;
  /** TensorFlow's handle; -1 until the values are written. */
  id: number;
  values: unknown;
  refCount: number;
  /** Ours: handle of the TensorFlow variable whose buffer this tensor shows. */
  resourceId?: number;
}

export interface UpstreamBackend extends KernelBackend {
  readonly binding: Binding;
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { has(id: DataId): boolean; get(id: DataId): TensorEntry };
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  createOutputTensor(info: OutputInfo): Tensor;
}

/** Loads the addon and registers upstream's kernels. Errors  those of the loader: a missing file, a missing symbol. */
export function loadUpstream(folder: InstallationFolder): UpstreamBackend {
  const legacy = util as unknown as { default: Record<string, unknown> };
  const removed = { isNullOrUndefined: (v: unknown) => v === null || v === undefined, isArray: Array.isArray };
  Object.assign(legacy.default, removed);
  const binding = require(folder.addon) as Binding;
  // Node names modules by their real paths, whatever links lead there.
  const root = realpathSync(folder.binding);
  const within = pathToFileURL(`${root}/`).href;
  const core = pathToFileURL(require.resolve('@tensorflow/tfjs-core')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      UNION_AND_CORE.has(specifier) && context.parentURL?.startsWith(within)
        ? { url: core, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url === `${within}dist/proto/api_pb.js`
        ? { format: 'commonjs', source: 'module.exports = {};', shortCircuit: true }
        : next(url, context),
  });
  try {
    require(join(root, 'dist', 'register_all_kernels.js'));
    const { NodeJSKernelBackend } = require(join(root, 'dist', 'nodejs_kernel_backend.js')) as {
      NodeJSKernelBackend: new (binding: Binding, packageName: string) => UpstreamBackend;
    };
    return new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node');
  } finally {
    hooks.deregister();
  }
}
