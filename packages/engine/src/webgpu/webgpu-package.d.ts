/** Dawn for Node.js. Declared here, because the package is optional and the code must compile without it. */
declare module 'webgpu' {
  export function create(flags: readonly string[]): GPU;
  /** The classes and constants that a browser has as globals: GPUBuffer, GPUBufferUsage and so on. */
  export const globals: Readonly<Record<string, unknown>>;
}
