import { figure, ofSitesText } from '@consilium/validation';
import { hasEnded, type Metrics, type ParticipationView, type RoundView, type RunView } from '../contract.js';

/** The round that a run is in: the last one that has begun. */
export function currentRound(run: RunView): RoundView | undefined {
  return run.rounds.findLast(({ state }) => state !== 'planned') ?? run.rounds[0];
}

export function isOver(round: RoundView): boolean {
  return round.state === 'closed' || round.state === 'aborted';
}

/** `dice 0.612 of 2 of 3 sites, 13 films (alder 0.601, birch 0.640)`; empty when nothing was validated. */
export function validationText(round: RoundView): string {
  if (!round.validation) return '';
  if (round.validation.problem) return `validation not computable: ${round.validation.problem}`;
  const name = mainMetric(round.validation.metrics);
  if (!name) return '';
  const { metrics, bounds, sites } = round.validation;
  const each = sites.map((site) => `${site.site} ${figure(site.metrics[name], site.bounds[name])}`);
  return `${name} ${figure(metrics[name], bounds[name])} of ${ofSites(round)} (${each.join(', ')})`;
}

/** Of whom a round's figures are: `2 of 3 sites, 122 films`. The round's sites are all that it asked to train. */
export function ofSites({ validation, participations }: RoundView): string {
  if (!validation) return '';
  return ofSitesText(validation.sites.length, participations.length, validation.examples);
}

/** `birch could not evaluate: ENGINE_CRASHED`, for each site of which the figures are not. */
export function unevaluatedText({ unevaluated }: RoundView): string {
  return unevaluated.map(({ site, code }) => `${site} could not evaluate: ${code}`).join('; ');
}

/** `ash weighs 50 % instead of 91 %`, for each site that the plan's bounds held back. */
export function limitedText({ weights }: RoundView): string {
  return weights.flatMap(({ site, limited }) => (limited === null ? [] : [`${site} ${limited}`])).join('; ');
}

/** What a run does now, in a few words. */
export function runText(run: RunView): string {
  if (hasEnded(run)) return `${run.state}${run.reason ? `: ${run.reason}` : ''}${durationText(run)}`;
  const round = currentRound(run);
  const place = round ? `round ${round.number}/${run.roundsPlanned}  ${round.state}` : run.state;
  if (run.evaluations.total > 0 && (!round || isOver(round)))
    return `test data  ${run.evaluations.done} of ${run.evaluations.total} evaluations`;
  return run.state === 'waiting' && run.waitsFor ? `${place}  (${run.waitsFor})` : place;
}

/** Share of the work of this participation that is done, 0..1, and what it does in words. */
export function participationText(view: ParticipationView): { share: number; words: string } {
  switch (view.state) {
    case 'accepted':
      return { share: 0, words: 'waits for its turn' };
    case 'fetching':
      return { share: 0.02 + 0.08 * ratio(view.bytesDone, view.bytesTotal), words: 'fetching the model' };
    case 'training': {
      const done = view.steps > 0 ? ratio((view.epoch - 1) * view.steps + view.step, view.epochs * view.steps) : 0;
      const loss = view.loss === null || view.loss === undefined ? '' : `  loss ${lossText(view.loss)}`;
      const epoch = view.epochs > 0 ? `epoch ${view.epoch}/${view.epochs} step ${view.step}/${view.steps}` : 'training';
      return { share: 0.1 + 0.8 * done, words: `${epoch}${loss}` };
    }
    case 'sending':
      return { share: 0.9 + 0.1 * ratio(view.bytesDone, view.bytesTotal), words: 'sending the update' };
    case 'submitted':
      return { share: 1, words: 'update sent' };
    case 'evaluated':
      return { share: 1, words: 'validated' };
    default:
      return { share: 0, words: view.state };
  }
}

/** A site may report any number; one that has 300 digits is not shown with all of them. */
function lossText(loss: number): string {
  return Math.abs(loss) < 1e6 ? loss.toFixed(3) : loss.toExponential(2);
}

function durationText(run: RunView): string {
  if (!run.finishedAt) return '';
  return `  ${Math.round((Date.parse(run.finishedAt) - Date.parse(run.createdAt)) / 1000)} s`;
}

function mainMetric(metrics: Metrics): string | undefined {
  return ['dice', 'auroc'].find((name) => name in metrics) ?? Object.keys(metrics)[0];
}

function ratio(done: number, total: number): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
}
