import {
  CASE_GROUPS,
  computeCase,
  differenceOfCase,
  type Engine,
  LARGE_SUMS,
  largestDifference,
  MANY_CHANNELS,
  relativeL2,
  TOLERANCES,
  type Tolerance,
} from '@consilium/engine';
import { SMALL_MODELS, type SmallModel, tenSteps } from './small-models.ts';

export type Values = Float32Array | Float64Array;

export interface GroupCase {
  readonly name: string;
  compute(engine: Engine): Promise<readonly Values[]>;
}

/** Cases that are judged alike: a row of the table. */
export interface Group {
  readonly name: string;
  readonly cases: readonly GroupCase[];
  readonly tolerance: Tolerance;
  difference(actual: readonly Values[], expected: readonly Values[]): number;
}

/** What a back end computes in one group after the other; its process ends with the last. */
export function openGroups(): Group[] {
  return [
    ...Object.entries(CASE_GROUPS).map(([name, cases]) => ({
      name,
      cases: cases.map((one) => ({ name: one.name, compute: (engine: Engine) => computeCase(engine, one) })),
      tolerance: TOLERANCES.operation,
      difference: differenceOfCase,
    })),
    {
      name: 'sums of 20 million',
      cases: LARGE_SUMS.map((one) => ({ name: one.name, compute: (engine) => computeCase(engine, one) })),
      tolerance: TOLERANCES.largeSum,
      difference: differenceOfCase,
    },
    {
      name: 'many channels (float64)',
      cases: MANY_CHANNELS.map((one) => ({
        name: one.name,
        compute: async (engine) => (engine.backEnd === 'cpu' ? one.define(engine) : computeCase(engine, one)),
      })),
      tolerance: TOLERANCES.operation,
      difference: differenceOfCase,
    },
    ...training(),
  ];
}

/** The losses and the weights are judged apart, and trained for once. */
function training(): Group[] {
  const runs = new Map<SmallModel, Promise<Float32Array[]>>();
  const run = (engine: Engine, model: SmallModel) => {
    const known = runs.get(model) ?? tenSteps(engine, model);
    runs.set(model, known);
    return known;
  };
  const cases = (part: number) =>
    (Object.keys(SMALL_MODELS) as SmallModel[]).map((model) => ({
      name: model,
      compute: async (engine: Engine) => [(await run(engine, model))[part]!],
    }));
  const only = (of: (a: Values, b: Values) => number) => (actual: readonly Values[], expected: readonly Values[]) =>
    of(actual[0]!, expected[0]!);
  return [
    {
      name: 'ten steps: losses',
      cases: cases(0),
      tolerance: TOLERANCES.lossOfTenSteps,
      difference: only(largestDifference),
    },
    {
      name: 'ten steps: weights',
      cases: cases(1),
      tolerance: TOLERANCES.weightsOfTenSteps,
      difference: only(relativeL2),
    },
  ];
}
