import { preprocessingProse } from './preprocessing-prose.js';
import { counted, layOut, type Section } from './prose-layout.js';
import type { Plan } from './schema.js';
import { selectionProse } from './selection.js';

/**
 * A plan in sentences, as a hospital reads it before it consents: what is wanted of it, what leaves it, how it is done.
 * Every value of the resolved plan is in it; nothing else decides what the agent does.
 *
 * Units    lines of at most 90 columns; ends with a line feed.
 */
export function planProse(plan: Plan): string {
  const head = `Plan ${plan.name}: ${TASK_WORDS[plan.task.kind]} (vocabulary ${plan.vocabularyVersion})`;
  return layOut(head, [
    { title: 'Purpose', paragraphs: plan.purpose.split('\n') },
    { title: 'Intended use', paragraphs: plan.intendedUse.split('\n') },
    { title: 'What a hospital gives', paragraphs: [dataset(plan), ...selection(plan), minimum(plan)] },
    { title: 'What leaves a hospital', paragraphs: leaving(plan) },
    { title: 'Task', paragraphs: [task(plan), `${loss(plan)} ${gridOfScores(plan)}`] },
    { title: 'Pictures', paragraphs: [...preprocessingProse(plan.preprocessing), augmentation(plan)] },
    { title: 'Model', paragraphs: [model(plan)] },
    { title: 'Training at a hospital', paragraphs: [training(plan), `${optimizer(plan)} ${stepRules(plan)}`] },
    { title: 'Rounds', paragraphs: [rounds(plan), strategy(plan), ...bounds(plan)] },
    { title: 'Repeatability', paragraphs: [repeatability(plan)] },
  ] satisfies Section[]);
}

const TASK_WORDS = { segmentation: 'segmentation of pictures', classification: 'classification of pictures' } as const;

const MODALITY_WORDS = {
  CR: 'computed radiography (CR)',
  DX: 'digital radiography (DX)',
  CT: 'computed tomography (CT)',
  MR: 'magnetic resonance (MR)',
  MG: 'mammography (MG)',
  US: 'ultrasound (US)',
  XA: 'X-ray angiography (XA)',
  RF: 'radiofluoroscopy (RF)',
  NM: 'nuclear medicine (NM)',
  PT: 'positron emission tomography (PT)',
  OP: 'ophthalmic photography (OP)',
} as const;

function dataset({ data, task }: Plan): string {
  const truth =
    task.kind === 'segmentation'
      ? `with a mask of each of: ${task.structures.join(', ')}`
      : `each labelled as one of: ${task.classes.join(', ')}`;
  return `Pictures of ${MODALITY_WORDS[data.modality]}, ${truth}. The plan calls them "${data.dataset}"; the hospital decides which of its own datasets is meant.`;
}

function selection({ data }: Plan): string[] {
  return data.select ? [selectionProse(data.select)] : [];
}

function minimum({ data }: Plan): string {
  return `A hospital takes part only with at least ${counted(data.minimumTrainingExamples, 'training example')}.`;
}

function leaving({ protection, strategy, task, validation, rounds }: Plan): string[] {
  const cells =
    task.kind === 'segmentation'
      ? 'sums of overlap (Dice, IoU) and counts of pixels'
      : `counts of right and wrong answers and, for each class, counts of the scores in ${validation.scoreBins} bins`;
  const counts = strategy.name === 'local' ? "a model's own hospital" : 'all hospitals together';
  const bins =
    task.kind === 'segmentation'
      ? ''
      : ` The bins of the next evaluation, which all hospitals are told, follow the scores of ${counts}, by five or more.`;
  const reader =
    strategy.name === 'local'
      ? 'The coordinator can read it, and sends the hospital its own model back for the next round. After the last round the model of each hospital is sent to all others, to be tested there.'
      : 'The coordinator can read the update of each hospital. The averaged model goes to all of them.';
  const limit =
    protection.maximumDeltaNorm === undefined
      ? ''
      : ` Its L2 norm may be at most ${protection.maximumDeltaNorm}: the hospital itself refuses to send a larger one.`;
  return [
    'With its acceptance: the version of its dataset and the number of training examples.',
    `After each round of training, the change of the model's weights, with the number of training steps, the loss, and the norm of the change.${limit} ${reader}`,
    `After each of the ${counted(rounds.count, 'round')} and at the end: whole numbers only, ${cells}.${bins} While it works: its progress and its loss.`,
    'No picture, no mask, no label of a patient, no DICOM header and no patient identifier leaves. Weights can still tell something about the examples they were trained on: this plan adds no noise to them and does not hide them from the coordinator.',
  ];
}

function task({ task }: Plan): string {
  if (task.kind === 'segmentation')
    return `The model marks, pixel by pixel: ${task.structures.join(', ')}. It is judged by Dice: the mean over the pictures of each picture's Dice, at threshold 0.5.`;
  const finding = task.classes.at(-1);
  return `The model gives each picture a score for each of: ${task.classes.join(', ')}. The finding is ${finding}; the model is judged by the AUROC of its score.`;
}

function loss({ task }: Plan): string {
  if (task.loss.kind === 'cross-entropy-and-dice')
    return `The loss is a sum of cross-entropy and soft Dice (${task.loss.kind}), in which Dice has a share of ${task.loss.diceShare}.`;
  const weights = {
    none: 'every example weighs the same (class weights: none)',
    balanced: 'a rare class weighs more, by 1 / its frequency at the hospital (class weights: balanced)',
  }[task.loss.classWeights];
  return `The loss is ${task.loss.kind}; ${weights}.`;
}

function gridOfScores({ task, validation }: Plan): string {
  const cut =
    task.kind === 'segmentation'
      ? ''
      : ', which the coordinator cuts so that each holds about as many as the others; all hospitals count a model in the same';
  return `For validation, scores are counted in ${validation.scoreBins} bins of their log-odds${cut}.`;
}

function augmentation({ augmentation: a }: Plan): string {
  const flip = {
    none: 'no picture is flipped (flip: none)',
    horizontal: 'half of the pictures are flipped left to right (flip: horizontal)',
    both: 'pictures are flipped left to right and top to bottom at random (flip: both)',
  }[a.flip];
  return `In training, ${flip}, each is shifted at random by up to ${counted(a.shiftPixels, 'pixel')}, and its grey values vary at random by up to ${a.intensityJitter}, as a factor and as an offset.`;
}

function model({ model: m }: Plan): string {
  const norm =
    m.normalisation.kind === 'group'
      ? `group normalisation with ${counted(m.normalisation.groups, 'group')}`
      : 'batch normalisation, whose running statistics each hospital measures on its own training examples before it evaluates a model';
  return m.family === 'unet'
    ? `A U-Net (unet) that halves the picture ${counted(m.depth, 'time')}, with ${counted(m.baseFilters, 'filter')} at full size and ${norm}.`
    : `A residual network (resnet) of ${counted(m.layers, 'layer')}, with ${counted(m.baseWidth, 'channel')} in its first stage and ${norm}.`;
}

function training({ training: t }: Plan): string {
  return `In each round, ${counted(t.epochsPerRound, 'pass', 'passes')} over the training examples, in batches of ${t.batchSize}.`;
}

function optimizer({ training: { optimizer: o } }: Plan): string {
  const rate = `with learning rate ${o.learningRate}`;
  switch (o.kind) {
    case 'sgd':
      return `The optimizer is sgd ${rate}.`;
    case 'momentum':
      return `The optimizer is momentum ${rate} and momentum ${o.momentum}.`;
    case 'adam':
      return `The optimizer is adam ${rate}, beta1 ${o.beta1}, beta2 ${o.beta2} and epsilon ${o.epsilon}.`;
    case 'adamw':
      return `The optimizer is adamw ${rate}, beta1 ${o.beta1}, beta2 ${o.beta2}, epsilon ${o.epsilon} and weight decay ${o.weightDecay}.`;
  }
}

function stepRules({ training: t }: Plan): string {
  const decay =
    t.learningRateDecay === 1
      ? 'The learning rate stays (decay 1).'
      : `After each round that closes the learning rate is multiplied by ${t.learningRateDecay}.`;
  const clip =
    t.clipGradientNorm === 0
      ? 'Gradients are not limited (clip norm 0).'
      : `A gradient whose L2 norm is above ${t.clipGradientNorm} is scaled down to it.`;
  const state = t.keepOptimizerState
    ? "The optimizer's moments live on from round to round."
    : "The optimizer's moments start anew in each round.";
  return `${decay} ${clip} ${state}`;
}

function rounds({ rounds: r }: Plan): string {
  return `${counted(r.count, 'round')}. A round closes when all its sites have delivered, or at its deadline, ${duration(r.deadlineSeconds)} after training began, if then at least ${counted(r.quorum, 'site')} delivered; with fewer it counts for nothing. An invitation, and each evaluation of a site, waits ${duration(r.answerSeconds)} for an answer.`;
}

function strategy({ strategy: s }: Plan): string {
  switch (s.name) {
    case 'fedavg':
      return 'Strategy fedavg: the new model is the mean of the updates, weighted by the number of training examples.';
    case 'local':
      return 'Strategy local: nothing is averaged. Each hospital goes on from its own model; this is the baseline that the federated model is compared with.';
  }
}

/** What keeps one hospital from deciding alone. */
function bounds({ rounds: { maximumShare, quorum }, protection: { clipToMedianNorm }, strategy }: Plan): string[] {
  if (strategy.name === 'local')
    return [
      `Of a mean, one hospital could weigh ${percent(maximumShare)} at most (maximumShare), and a change could be ${clipToMedianNorm} times as long as the median (clipToMedianNorm; 0 for any length). Here nothing is averaged, so both limit nothing.`,
    ];
  const share =
    maximumShare === 1
      ? 'The weight of one hospital is not limited (maximumShare 1).'
      : `One hospital weighs ${percent(maximumShare)} at most (maximumShare), whatever its number of examples; the rest goes to the others by theirs.${maximumShare > 0.5 ? '' : ` When ${Math.floor(1 / maximumShare + 1e-9)} or fewer deliver, all weigh the same.`}`;
  const clip =
    clipToMedianNorm === 0
      ? 'The length of a change is not limited by that of the others (clipToMedianNorm 0).'
      : `A change longer than ${counted(clipToMedianNorm, 'time')} the median of its round (clipToMedianNorm; of two, the shorter is the median) is shortened to that.`;
  const alone = quorum === 1 ? ' One that delivers alone decides its round alone (the quorum is 1).' : '';
  return [`${share}${alone} ${clip} Each round names the hospitals that this concerned.`];
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}

function repeatability({ engine, seed }: Plan): string {
  const mode = {
    deterministic: 'the same seed and the same data give the same model, bit for bit (engine mode deterministic)',
    fast: 'models may differ in their last bits between processors (engine mode fast)',
  }[engine.mode];
  const demand =
    engine.backEnd === undefined ? '' : ` Only hospitals whose training engine ${engine.backEnd} works take part.`;
  return `Initial weights, the order of examples and augmentation come from seed ${seed}; ${mode}.${demand}`;
}

const DURATION_UNITS = [
  { seconds: 86_400, name: 'day' },
  { seconds: 3600, name: 'hour' },
  { seconds: 60, name: 'minute' },
] as const;

/** In the largest unit that divides it. */
function duration(seconds: number): string {
  const unit = DURATION_UNITS.find((u) => seconds % u.seconds === 0);
  return unit === undefined ? counted(seconds, 'second') : counted(seconds / unit.seconds, unit.name);
}
