import { existsSync, readdirSync } from 'node:fs';
import { platform } from 'node:process';
import { ConsiliumError } from '@consilium/errors';
import { allowsSoftwareAdapter, namedVulkanDrivers, vulkanDriverFolders } from './env.js';

/** One for the life of the process: Dawn's own objects hang on it. */
let dawn: Promise<GPU> | undefined;

/**
 * The graphics processor with the highest performance.
 *
 * Errors   BACK_END_UNAVAILABLE with a reason that a person understands.
 */
export async function requestAdapter(): Promise<GPUAdapter> {
  if (platform === 'linux' && !hasVulkanDriver()) throw unavailable('no adapter: no Vulkan driver is installed');
  dawn ??= loadDawn();
  const gpu = await dawn;
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw unavailable('no adapter: no driver starts, or none has the features of WebGPU');
  if (isSoftware(adapter.info) && !allowsSoftwareAdapter())
    throw unavailable(`only a software adapter (${nameOf(adapter.info)}), which is slower than wasm`);
  return adapter;
}

/** The adapter's name for a person. */
export function nameOf(info: GPUAdapterInfo): string {
  return info.description || info.device || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'unnamed';
}

/** Mesa's llvmpipe, SwiftShader, and Microsoft's WARP say so themselves. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || info.architecture === 'software' || info.architecture === 'swiftshader';
}

async function loadDawn(): Promise<GPU> {
  try {
    const { create, globals } = await import('webgpu');
    const gpu = create([]);
    // Upstream's back end expects a browser: its classes as globals, and the entry point in the navigator.
    Object.assign(globalThis, globals);
    if (typeof navigator === 'undefined') Object.defineProperty(globalThis, 'navigator', { value: {} });
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
    return gpu;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw unavailable(isMissing ? 'package not installed: npm install webgpu' : 'Dawn does not load', error);
  }
}

/** Asked first, because Dawn writes to the terminal when it finds nothing. */
function hasVulkanDriver(): boolean {
  if (namedVulkanDrivers().some((file) => existsSync(file))) return true;
  return vulkanDriverFolders().some(
    (folder) => existsSync(folder) && readdirSync(folder).some((f) => f.endsWith('.json')),
  );
}

export function unavailable(reason: string, cause?: unknown): ConsiliumError {
  return new ConsiliumError('BACK_END_UNAVAILABLE', { reason }, cause);
}
