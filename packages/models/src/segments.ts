import type { Layer } from './layer.js';

/**
 * Cuts a chain of layers where recomputing keeps a tensor: around each residual block and each skip connection, whose
 * branch a gradient of the whole would run through twice. What lies between two cuts is one segment.
 */
export function segmentsOf(layers: readonly Layer[]): Layer[][] {
  const segments: Layer[][] = [];
  let isOpen = false;
  for (const layer of layers) {
    const isAlone = layer.kind === 'skip-connection' || layer.kind === 'residual-block';
    if (isOpen && !isAlone) segments.at(-1)!.push(layer);
    else segments.push([layer]);
    isOpen = !isAlone;
  }
  return segments;
}
