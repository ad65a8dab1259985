import { counted } from './prose-layout.js';
import type { Plan } from './schema.js';

type Preprocessing = Plan['preprocessing'];

/** What is done to each picture: its size and grey values, then the further steps that the plan names, if any. */
export function preprocessingProse(p: Preprocessing): string[] {
  const fit = {
    stretch: 'stretched to it (fit: stretch)',
    pad: 'padded with zeros (fit: pad)',
    crop: 'scaled until it covers this and cut around its centre (fit: crop)',
  }[p.fit];
  const size = `Each picture is brought to ${p.height} rows by ${p.width} columns; one with another ratio of its sides is ${fit}. ${intensity(p.intensity)}`;
  const further = [denoise(p), spacing(p), contrast(p), crop(p)].filter((step) => step !== '');
  return further.length === 0 ? [size] : [size, further.join(' ')];
}

function intensity(rule: Preprocessing['intensity']): string {
  switch (rule.kind) {
    case 'percentile':
      return `Grey values from percentile ${rule.low} to percentile ${rule.high} of the picture become 0 to 1; the rest is cut.`;
    case 'min-max':
      return 'Grey values from the darkest to the brightest of the picture become 0 to 1 (min-max).';
    case 'z-score':
      return rule.over === undefined
        ? 'Grey values are shifted and scaled to mean 0 and standard deviation 1 of the picture (z-score).'
        : "Grey values are shifted and scaled to mean 0 and standard deviation 1 of the picture's foreground (z-score).";
    case 'window': {
      const preset = rule.preset === undefined ? '' : ` (the preset ${rule.preset})`;
      return `Grey values in the window of centre ${rule.centre} and width ${rule.width}, in modality values${preset}, become 0 to 1; the rest is cut.`;
    }
  }
}

function denoise({ denoise: d }: Preprocessing): string {
  if (d === undefined) return '';
  return d.kind === 'median'
    ? `First of all, noise is removed: each pixel becomes the median of the square of ${2 * d.radius + 1} by ${2 * d.radius + 1} pixels around it (denoise: median, radius ${d.radius}).`
    : `First of all, noise is removed by a Gaussian of standard deviation ${counted(d.sigmaPixels, 'pixel')} (denoise: gaussian).`;
}

function spacing({ spacingMm: s }: Preprocessing): string {
  if (s === undefined) return '';
  return `Before grey values are scaled, the picture is resampled so that its rows are ${s.row} mm and its columns ${s.column} mm apart; a hospital with pictures that do not tell their pixel spacing takes no part.`;
}

function contrast({ contrast: c }: Preprocessing): string {
  if (c === undefined) return '';
  return c.kind === 'equalise'
    ? 'After that, contrast is spread evenly over all grey values (contrast: equalise).'
    : `After that, contrast is spread within each of ${c.tiles} by ${c.tiles} tiles, limited to ${c.clipLimit} times the mean of the histogram (contrast: clahe).`;
}

function crop({ crop: c }: Preprocessing): string {
  if (c === undefined) return '';
  switch (c.kind) {
    case 'centre':
      return `Of the picture, ${c.height} rows by ${c.width} columns around the centre are kept, with zeros where it is smaller (crop: centre).`;
    case 'centre-mm':
      return `Of the picture, ${c.heightMm} mm by ${c.widthMm} mm around the centre are kept, with zeros where it is smaller (crop: centre-mm); a hospital with pictures that do not tell their pixel spacing takes no part.`;
    case 'foreground':
      return `Of the picture, the smallest box that holds the large regions of its foreground is kept, and ${counted(c.marginPixels, 'pixel')} more on each side (crop: foreground).`;
  }
}
