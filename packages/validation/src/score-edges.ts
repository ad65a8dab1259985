import { refuse } from './refuse.js';
import type { StatisticsShape } from './require-valid-statistics.js';
import { scoreBin, scoreEdges } from './score-bins.js';
import type { ClassificationStatistics } from './statistics.js';

/**
 * For each class, in the order of the plan, where the histogram of its scores is cut: ascending log-odds, one fewer than bins. Of a
 * segmentation none.
 */
export type ScoreEdges = readonly (readonly number[])[];

/**
 * What of the edges' mass follows what was counted, of the same model or of the one that it was made from; the rest follows the grid,
 * so that a score elsewhere still resolves: training may move all of them.
 */
const COUNTED_SHARE = { 'same model': 0.9, 'model before': 0.5 } as const;
/** Of fewer examples, edges would tell more of them than of the model. */
const FEWEST_COUNTED = 11;
/** As many scores at least lie between two places that the edges follow: the smallest cell that a site shows. */
const TOGETHER = 5;
/** How close two edges may lie, of the greater of one and their distance from zero: float32 logits tell no more. */
const CLOSEST = 2 ** -20;
/** How far an outer bin may reach beyond its edge, whatever a site says of its scores. */
const FARTHEST_REACH = 1000;

/** The edges for a model of which nothing is known. */
export function defaultScoreEdges(classes: number, bins: number): ScoreEdges {
  const grid = scoreEdges(bins);
  return Array.from({ length: classes }, () => grid);
}

/**
 * Edges with about the same number of scores in each bin, for a model of which, or of the one before which, scores were counted.
 * Positives and negatives count together, and no fewer than five scores: the edges go to all sites of a run.
 *
 * Shapes   as many classes and bins as before.
 * Numbers  the quantiles i/bins of counts and grid, in the shares above. Counts are even inside their bins, of which neighbours are put together
 *          until each holds five; an outer bin ends half the span of the edges beyond the last one. Below 11 examples: the grid.
 *          Nothing but sums, products and quotients: the same input gives the same bits on every machine.
 */
export function edgesOfEqualMass(
  counted: ClassificationStatistics,
  edges: ScoreEdges,
  of: keyof typeof COUNTED_SHARE,
): ScoreEdges {
  const share = COUNTED_SHARE[of];
  return counted.classes.map(({ positives, negatives }, c) => {
    const grid = scoreEdges(positives.length);
    if (counted.examples < FEWEST_COUNTED) return grid;
    const scores = merged(
      closed(edges[c]!),
      positives.map((count, bin) => count + negatives[bin]!),
    );
    const even = closed(grid);
    const cuts = [...new Set([...scores.cuts, ...even])].sort((a, b) => a - b);
    const [ofScores, ofGrid] = [
      shareBelow(scores.cuts, scores.counts),
      shareBelow(even, new Array(positives.length).fill(1)),
    ];
    const mass = cuts.map((x) => share * ofScores(x) + (1 - share) * ofGrid(x));
    return quantiles(cuts, mass, grid.length);
  });
}

/**
 * Reads edges that another process sent.
 *
 * Errors   EVALUATION_INVALID: another number of classes or bins, or edges that are not finite and ascending.
 */
export function requireValidScoreEdges(edges: ScoreEdges, shape: StatisticsShape): ScoreEdges {
  const { classes, bins } = shape.kind === 'classification' ? shape : { classes: 0, bins: 0 };
  if (edges.length !== classes || edges.some((list) => list.length !== bins - 1))
    refuse('edges of bins that are not those of the plan');
  const ascend = (list: readonly number[]) =>
    list.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > list[i - 1]!));
  if (!edges.every(ascend)) refuse('edges of bins that do not ascend');
  return edges;
}

/** What the digest of edges is of: RFC 8785, which for lists of numbers is what JavaScript writes. */
export function scoreEdgesText(edges: ScoreEdges): string {
  return JSON.stringify(edges);
}

/** Counts, each of `counts` spread evenly between two of `cuts`: the share of all of them that lies below a value. */
function shareBelow(cuts: readonly number[], counts: readonly number[]): (x: number) => number {
  const before = [0];
  for (const count of counts) before.push(before.at(-1)! + count);
  return (x) => {
    const bin = scoreBin(x, cuts) - 1;
    if (bin < 0) return 0;
    if (bin === counts.length) return 1;
    const part = (x - cuts[bin]!) / (cuts[bin + 1]! - cuts[bin]!);
    return (before[bin]! + counts[bin]! * part) / before.at(-1)!;
  };
}

/** The edges with an end for either outer bin. */
function closed(edges: readonly number[]): number[] {
  const [first, last] = [edges[0]!, edges.at(-1)!];
  const reach = Math.min((last - first) / 2, FARTHEST_REACH);
  return [first - reach, ...edges, last + reach];
}

/** Puts bins together until each holds enough, and leaves out what is empty at the ends of each. */
function merged(cuts: readonly number[], counts: readonly number[]): { cuts: number[]; counts: number[] } {
  const groups: { from: number; to: number; count: number }[] = [];
  for (const [bin, count] of counts.entries()) {
    if (count === 0) continue;
    const group = groups.at(-1);
    if (group === undefined || group.count >= TOGETHER) groups.push({ from: bin, to: bin + 1, count });
    else Object.assign(group, { to: bin + 1, count: group.count + count });
  }
  if (groups.at(-1)!.count < TOGETHER) {
    const rest = groups.pop()!;
    Object.assign(groups.at(-1)!, { to: rest.to, count: groups.at(-1)!.count + rest.count });
  }
  const made = { cuts: [] as number[], counts: [] as number[] };
  for (const { from, to, count } of groups) {
    if (made.cuts.at(-1) !== cuts[from]) {
      if (made.cuts.length > 0) made.counts.push(0);
      made.cuts.push(cuts[from]!);
    }
    made.cuts.push(cuts[to]!);
    made.counts.push(count);
  }
  return made;
}

/** Where the mass below passes even shares of the whole. */
function quantiles(cuts: readonly number[], mass: readonly number[], count: number): number[] {
  const found: number[] = [];
  let at = 1;
  for (let i = 1; i <= count; i++) {
    const share = i / (count + 1);
    while (mass[at]! < share) at++;
    const part = (share - mass[at - 1]!) / (mass[at]! - mass[at - 1]!);
    const edge = cuts[at - 1]! + (cuts[at]! - cuts[at - 1]!) * part;
    const least = i === 1 ? edge : found[i - 2]! + CLOSEST * Math.max(1, Math.abs(found[i - 2]!));
    found.push(Math.max(edge, least));
  }
  return found;
}
