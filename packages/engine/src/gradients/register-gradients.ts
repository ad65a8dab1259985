import type { Tf } from '../engine.js';
import { registerConvolutionGradient } from './convolution-gradient.js';
import { registerReluGradient } from './relu-gradient.js';
import { registerTransposedConvolutionGradient } from './transposed-convolution-gradient.js';

/** The derivatives that TensorFlow.js lacks or has in too many operations; once per process, for every back end. */
export function registerGradients(tf: Tf): void {
  registerConvolutionGradient(tf);
  registerReluGradient(tf);
  registerTransposedConvolutionGradient(tf);
}
