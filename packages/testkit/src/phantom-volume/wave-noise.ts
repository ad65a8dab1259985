import type { SeededRandom } from '../seeded-random.js';

/** A smooth random field in space. */
export type Noise = (x: number, y: number, z: number) => number;

/** Sum of plane waves of random directions: mean 0, standard deviation 1, lengths around `wavelengthMm`. */
export function waveNoise(random: SeededRandom, wavelengthMm: number, waves = 8): Noise {
  const all = Array.from({ length: waves }, () => {
    const height = random.uniform(-1, 1);
    const angle = random.uniform(0, 2 * Math.PI);
    const flat = Math.sqrt(1 - height * height);
    const k = (2 * Math.PI) / (wavelengthMm * random.uniform(0.75, 1.35));
    return {
      x: k * flat * Math.cos(angle),
      y: k * flat * Math.sin(angle),
      z: k * height,
      phase: random.uniform(0, 2 * Math.PI),
    };
  });
  const scale = Math.sqrt(2 / waves);
  return (x, y, z) => {
    let sum = 0;
    for (const wave of all) sum += Math.cos(wave.x * x + wave.y * y + wave.z * z + wave.phase);
    return scale * sum;
  };
}
