import type { WebgpuProgram } from './upstream.js';

const WORKGROUP = 64;

interface Shader {
  readonly name: string;
  readonly variableNames: readonly string[];
  readonly uniforms: string;
  /**
   * WGSL; `main(index : i32)` is called for every index below `uniforms.size`, and for some above. A float32 tensor that
   * was cast from integers still holds integers, so values are read through `f32()`.
   */
  readonly code: string;
}

/** A program with one invocation for each of `outputShape`'s values. */
export function perOutput(
  outputShape: readonly number[],
  { name, variableNames, uniforms, code }: Shader,
): WebgpuProgram {
  const outputs = outputShape.reduce((product, length) => product * length, 1);
  return {
    variableNames,
    uniforms,
    outputShape,
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(outputs / WORKGROUP), 1, 1],
    workgroupSize: [WORKGROUP, 1, 1],
    shaderKey: `consilium_${name}`,
    size: true,
    getUserCode: () => code,
  };
}
