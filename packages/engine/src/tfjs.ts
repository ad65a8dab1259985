import { createRequire } from 'node:module';
import type * as wasmPackage from '@tensorflow/tfjs-backend-wasm';
import type { Tf } from './engine.js';
import { registerGradients } from './gradients/register-gradients.js';
import type { WebgpuPackage } from './webgpu/upstream.js';

/** The one place that loads TensorFlow.js: always its CommonJS bundles, so that every importer shares one instance. */
const require = createRequire(import.meta.url);

let loaded: Tf | undefined;

/** TensorFlow.js core with the gradients registered and its banners switched off. */
export function loadTf(): Tf {
  if (!loaded) {
    const tf = require('@tensorflow/tfjs-core') as Tf;
    tf.enableProdMode(); // otherwise the back ends advertise other packages on the console
    // The Node bundle of tfjs-core registers no gradients; loading the layers package does.
    require('@tensorflow/tfjs-layers');
    require('@tensorflow/tfjs-backend-cpu');
    registerGradients(tf);
    loaded = tf;
  }
  return loaded;
}

/** Upstream's wasm back end; loading it registers its kernels. */
export function loadWasmPackage(): typeof wasmPackage {
  return require('@tensorflow/tfjs-backend-wasm') as typeof wasmPackage;
}

/** Upstream's WebGPU back end; loading it registers its kernels. Throws where the optional package is not installed. */
export function loadWebgpuPackage(): WebgpuPackage {
  return require('@tensorflow/tfjs-backend-webgpu') as WebgpuPackage;
}
