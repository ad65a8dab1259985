import type { Tf } from '../engine.js';
import { registerSegmentationGradient } from '../losses/segmentation-losses.js';
import { registerSoftmaxGradient } from '../losses/softmax-cross-entropy.js';
import { registerNormaliseGradient } from '../normalisation/normalise.js';
import { registerAdam } from './adam.js';
import { registerConvolution, registerVolumeConvolution } from './convolution.js';
import { registerCopies } from './copies.js';
import { registerDepthwise } from './depthwise.js';
import { registerElementwise } from './elementwise.js';
import { registerGradientNorm } from './gradient-norm.js';
import { registerLosses } from './losses.js';
import { registerMatrixProduct } from './matrix-product.js';
import { registerMaxPooling } from './max-pooling.js';
import { registerMomentum } from './momentum.js';
import { registerNormalisation } from './normalise.js';
import { registerPhases } from './phases.js';
import { registerPooling } from './pooling.js';
import { registerRunningStatistics } from './running-statistics.js';
import { registerSums } from './sums.js';

let isInstalled = false;

/** Puts our kernels beside and in place of upstream's; once per process, for every later back end of that name. */
export function installKernels(tf: Tf): void {
  if (isInstalled) return;
  registerConvolution(tf);
  registerVolumeConvolution(tf);
  registerMatrixProduct(tf);
  registerPooling(tf);
  registerMaxPooling(tf);
  registerElementwise(tf);
  registerPhases(tf);
  registerDepthwise(tf);
  registerCopies(tf);
  registerSums(tf);
  registerNormalisation(tf);
  registerNormaliseGradient(tf);
  registerRunningStatistics(tf);
  registerLosses(tf);
  registerSegmentationGradient(tf);
  registerSoftmaxGradient(tf);
  registerAdam(tf);
  registerMomentum(tf);
  registerGradientNorm(tf);
  isInstalled = true;
}
