/** What a picture tells without a look at shapes, such as its mean and spread, and what one would like to know of it. */
export interface Sample {
  readonly features: readonly number[];
  readonly label: 0 | 1;
  readonly isTraining: boolean;
}

/** Features in units of their site: the strongest form of the attack, for a site knows its own pictures. */
export function standardised<T extends Sample>(samples: readonly T[]): T[] {
  const columns = samples[0]!.features.map((_, k) => samples.map(({ features }) => features[k]!));
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length);
  const spreads = columns.map((column, k) =>
    Math.sqrt(column.reduce((sum, value) => sum + (value - means[k]!) ** 2, 0) / column.length),
  );
  return samples.map((sample) => ({
    ...sample,
    features: sample.features.map((value, k) => (value - means[k]!) / spreads[k]!),
  }));
}

/** Logistic regression on the features and their squares, by gradient descent. */
export function fit(samples: readonly Sample[]): (sample: Sample) => number {
  const inputs = ({ features }: Sample) => [1, ...features, ...features.map((value) => value * value)];
  const size = 1 + 2 * samples[0]!.features.length;
  const weights = new Array<number>(size).fill(0);
  const score = (sample: Sample) => inputs(sample).reduce((sum, value, k) => sum + value * weights[k]!, 0);
  for (let step = 0; step < 400; step++) {
    const gradient = new Array<number>(size).fill(0);
    for (const sample of samples) {
      const error = 1 / (1 + Math.exp(-score(sample))) - sample.label;
      inputs(sample).forEach((value, k) => {
        gradient[k]! += (error * value) / samples.length;
      });
    }
    gradient.forEach((value, k) => {
      weights[k]! -= 0.3 * value;
    });
  }
  return score;
}

export function auroc(samples: readonly Sample[], score: (sample: Sample) => number): number {
  const [ill, well] = [1, 0].map((label) => samples.filter((sample) => sample.label === label).map(score));
  let wins = 0;
  for (const a of ill!) for (const b of well!) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (ill!.length * well!.length);
}
