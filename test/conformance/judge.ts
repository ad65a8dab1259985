import type { Group, Values } from './groups.ts';

/** Values by group and case; a case that could not be computed has its reason instead. */
export type Results = Map<string, Map<string, readonly Values[] | string>>;

/** A row of the table. */
export interface Verdict {
  readonly group: string;
  readonly cases: number;
  /** The worst difference of its cases; null where one is not a number or could not be computed. */
  readonly worst: number | null;
  readonly worstCase: string;
  readonly limit: number;
  readonly passes: boolean;
  /** Why cases could not be computed or compared. */
  readonly problems: readonly string[];
}

/** Every group against the reference: a case that either side lacks, or with a value that is not a number, fails. */
export function judge(groups: readonly Group[], actual: Results, reference: Results): Verdict[] {
  return groups.map((group) => {
    const { limit } = group.tolerance;
    let [worst, worstCase] = [-1, ''];
    const problems: string[] = [];
    for (const { name } of group.cases) {
      const [own, expected] = [actual, reference].map(
        (results) => results.get(group.name)?.get(name) ?? 'not computed',
      );
      const problem = [own, expected].find((values) => typeof values === 'string');
      if (problem !== undefined) {
        problems.push(`${name}: ${problem}`);
        continue;
      }
      const difference = group.difference(own as readonly Values[], expected as readonly Values[]);
      if (Number.isNaN(difference)) problems.push(`${name}: not a number, or of another size`);
      else if (difference > worst) [worst, worstCase] = [difference, name];
    }
    return {
      group: group.name,
      cases: group.cases.length,
      worst: problems.length > 0 ? null : worst,
      worstCase,
      limit,
      passes: problems.length === 0 && group.cases.length > 0 && worst <= limit,
      problems,
    };
  });
}
