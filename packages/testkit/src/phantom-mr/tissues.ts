/** What a spin-echo sequence sees of a tissue: proton density (1 is water's), T1 and T2 in milliseconds at 1.5 and 3 tesla. */
interface Tissue {
  readonly density: number;
  readonly t1Ms: readonly [number, number];
  readonly t2Ms: readonly [number, number];
}

/** Rounded from published tables: what matters here is their order, which makes the contrasts. */
export const TISSUES = {
  air: { density: 0, t1Ms: [1000, 1000], t2Ms: [100, 100] },
  skin: { density: 0.75, t1Ms: [650, 800], t2Ms: [35, 32] },
  fat: { density: 0.95, t1Ms: [260, 370], t2Ms: [80, 70] },
  muscle: { density: 0.8, t1Ms: [980, 1400], t2Ms: [42, 38] },
  compactBone: { density: 0.08, t1Ms: [300, 350], t2Ms: [5, 4] },
  marrow: { density: 0.6, t1Ms: [350, 420], t2Ms: [60, 52] },
  fluid: { density: 1, t1Ms: [4000, 4300], t2Ms: [1600, 1400] },
  grey: { density: 0.82, t1Ms: [1080, 1450], t2Ms: [98, 92] },
  deepGrey: { density: 0.8, t1Ms: [930, 1250], t2Ms: [86, 76] },
  white: { density: 0.7, t1Ms: [640, 840], t2Ms: [76, 70] },
  /** Thin and bright around the ventricles of older people. */
  cap: { density: 0.78, t1Ms: [900, 1150], t2Ms: [125, 118] },
  lesion: { density: 0.86, t1Ms: [1250, 1600], t2Ms: [150, 140] },
} as const satisfies Record<string, Tissue>;

export type TissueName = keyof typeof TISSUES;

export interface SpinEcho {
  readonly repetitionTimeMs: number;
  readonly echoTimeMs: number;
  /** Of a FLAIR: fluid gives no signal. */
  readonly inversionTimeMs?: number;
  readonly fieldTesla: 1.5 | 3;
}

/**
 * Signal of a tissue in a spin-echo sequence, with or without inversion.
 *
 * Numbers  between 0 and the proton density; the magnitude, so that an inverted signal counts too.
 * Source   Bernstein, King, Zhou 2004, Handbook of MRI Pulse Sequences, sections 14.2 and 14.3.
 */
export function signalOf(tissue: TissueName, sequence: SpinEcho): number {
  const { density, t1Ms, t2Ms } = TISSUES[tissue];
  const atField = sequence.fieldTesla === 1.5 ? 0 : 1;
  const { repetitionTimeMs: tr, echoTimeMs: te, inversionTimeMs: ti } = sequence;
  const recovered = Math.exp(-tr / t1Ms[atField]);
  const inverted = ti === undefined ? 0 : 2 * Math.exp(-ti / t1Ms[atField]);
  const longitudinal = ti === undefined ? 1 - recovered : Math.abs(1 - inverted + recovered);
  return density * longitudinal * Math.exp(-te / t2Ms[atField]);
}
