import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { nearestWord } from './check-plan.js';
import {
  canonicalPlan,
  checkPlan,
  checkPlanText,
  localTwin,
  type Plan,
  type PlanInput,
  parsePlan,
  planFromCanonical,
  planHash,
  resolvePlan,
  withOverrides,
  withStrategy,
} from './index.js';

const short = {
  name: 'lungs',
  purpose: 'Outline the lungs.',
  intendedUse: 'Research only.',
  task: { kind: 'segmentation', structures: ['lungs'] },
  data: { dataset: 'chest', modality: 'CR' },
  preprocessing: { height: 64, width: 96 },
  model: { family: 'unet' },
  training: {},
  rounds: { count: 3 },
  strategy: { name: 'fedavg' },
  seed: 7,
} satisfies PlanInput;

/** The same plan with every default written out: what its hash is over. A change of this text breaks every consent. */
const canonical =
  '{"augmentation":{"flip":"none","intensityJitter":0,"shiftPixels":0},' +
  '"data":{"dataset":"chest","minimumTrainingExamples":1,"modality":"CR"},"engine":{"mode":"deterministic"},' +
  '"intendedUse":"Research only.","model":{"baseFilters":16,"depth":4,"family":"unet","normalisation":{"groups":8,' +
  '"kind":"group"}},"name":"lungs","preprocessing":{"fit":"pad","height":64,"intensity":{"high":99,"kind":"percentile",' +
  '"low":1},"width":96},"protection":{"clipToMedianNorm":3},"purpose":"Outline the lungs.","rounds":{"answerSeconds"' +
  ':3600,"count":3,"deadlineSeconds":3600,"maximumShare":0.5,"quorum":1},"seed":7,"strategy":{"name":"fedavg"},"task":{"kind":' +
  '"segmentation","loss":{"diceShare":0.5,"kind":"cross-entropy-and-dice"},"structures":["lungs"]},"training":{' +
  '"batchSize":8,"clipGradientNorm":1,"epochsPerRound":1,"keepOptimizerState":false,"learningRateDecay":1,"optimizer":' +
  '{"beta1":0.9,"beta2":0.999,"epsilon":1e-7,"kind":"adam","learningRate":0.001}},"validation":{"scoreBins":101},' +
  '"vocabularyVersion":2}';
const hash = '2320b5b5ca0f643d42ac03480d879fa88c6846f80f49bac22b6515e21bcd0e34';

const planInvalid = expect.objectContaining({ code: 'PLAN_INVALID' });
const bytesOf = (text: string) => new TextEncoder().encode(text);
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** A copy with one value changed; undefined takes it away. */
function changed(path: string, value: unknown, base: object = short): unknown {
  const copy = structuredClone(base) as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop() as string;
  const group = steps.reduce((g, step) => g[step] as Record<string, unknown>, copy);
  if (value === undefined) delete group[last];
  else group[last] = value;
  return copy;
}

function problems(input: unknown) {
  const check = checkPlan(input);
  return check.ok ? [] : check.problems;
}

it('a plan resolves to these bytes and this hash', () => {
  const plan = resolvePlan(short);
  expect(new TextDecoder().decode(canonicalPlan(plan))).toBe(canonical);
  expect(planHash(plan)).toBe(hash);
  expect(hashOf(canonical)).toBe(hash);
});

it('a plan that writes the defaults out is the same plan, and resolving changes it no more', () => {
  const plan = resolvePlan(short);
  expect(resolvePlan(JSON.parse(canonical))).toEqual(plan);
  expect(resolvePlan(plan)).toEqual(plan);
  const reversed = Object.fromEntries(Object.entries(short).reverse());
  expect(planHash(resolvePlan(reversed))).toBe(hash);
});

it('any other value is another hash', () => {
  const others = [changed('seed', 8), changed('rounds.count', 4), changed('purpose', 'Outline the lungs')];
  expect(new Set([hash, ...others.map((input) => planHash(resolvePlan(input)))]).size).toBe(4);
});

it('a plan comes back from its bytes and hash', () => {
  expect(planFromCanonical(bytesOf(canonical), hash)).toEqual(resolvePlan(short));
  expect(() => planFromCanonical(bytesOf(canonical.replace('"seed":7', '"seed":8')), hash)).toThrow(
    expect.objectContaining({ code: 'PLAN_HASH_MISMATCH' }),
  );
});

it.each([
  ['white space', canonical.replace(',"data"', ', "data"')],
  ['a default left out', canonical.replace('"engine":{"mode":"deterministic"},', '')],
  ['a duplicate key', canonical.replace('"seed":7', '"seed":7,"seed":7')],
  ['a number written another way', canonical.replace('1e-7', '0.0000001')],
  ['an unknown word', canonical.replace('"seed":7', '"code":"run()","seed":7')],
  ['a newer vocabulary', canonical.replace('"vocabularyVersion":2', '"vocabularyVersion":3')],
  ['no JSON', '{'],
])('bytes with %s are refused even under their own hash', (_what, text) => {
  expect(text).not.toBe(canonical);
  expect(() => planFromCanonical(bytesOf(text), hashOf(text))).toThrow(planInvalid);
});

const yaml = `
# A plan as a person writes it.
name: lungs
purpose: Outline the lungs.
intendedUse: >-
  Research
  only.
task: { kind: segmentation, structures: [lungs] }
data: { dataset: chest, modality: CR }
preprocessing:
  height: 64
  width: 96
model: { family: unet }
training: { optimizer: { kind: adam, learningRate: 1e-3 } }
rounds: { count: 3 }
strategy: { name: fedavg }
seed: 7
`;

it('YAML and JSON say the same plan', () => {
  expect(planHash(parsePlan(yaml))).toBe(hash);
  expect(planHash(parsePlan(JSON.stringify(short)))).toBe(hash);
});

/** Each is the plan above, which is good, with one sin added. */
it.each([
  ['a duplicate key', `${yaml}seed: 7\n`],
  ['an alias', yaml.replace('name: lungs', 'name: &it lungs').replace('dataset: chest', 'dataset: *it')],
  ['a tag', yaml.replace('name: lungs', 'name: !secret lungs')],
  ['a tag that makes bytes', yaml.replace('name: lungs', 'name: !!binary bHVuZ3M=')],
  ['a merge key', yaml.replace('seed: 7', '<<: { seed: 7 }')],
  ['a key that is a list', yaml.replace('seed: 7', '? [seed]\n: 7')],
  ['a second document', `${yaml}---\nseed: 8\n`],
  ['the older YAML', `%YAML 1.1\n---\n${yaml}`],
  ['too many characters', `${yaml}${' '.repeat(100_000)}`],
])('a text with %s is refused', (_what, text) => {
  expect(text).not.toBe(yaml);
  expect(() => parsePlan(text)).toThrow(planInvalid);
});

it.each([
  ['nothing', ''],
  ['a list', '- 1'],
  ['broken JSON', '{"seed": 1'],
  ['nesting beyond any stack', '['.repeat(60_000)],
  ['a billion laughs', `a: &a [x]\n${'bcdefghi'.replace(/./g, (c) => `${c}: &${c} [${'*a,'.repeat(9)}]\n`)}`],
])('a text that holds %s is no plan, and nothing worse', (_what, text) => {
  expect(checkPlanText(text).ok).toBe(false);
  expect(() => parsePlan(text)).toThrow(planInvalid);
});

it.each([
  ['a misspelt key', changed('model.baseFilter', 8), 'model.baseFilter', 'baseFilters'],
  ['a key with an underscore', changed('training.batch_size', 8), 'training.batch_size', 'batchSize'],
  ['half of a key', changed('model.filters', 8), 'model.filters', 'baseFilters'],
  ['the American spelling', changed('model.normalization', { kind: 'batch' }), 'model.normalization', 'normalisation'],
  ['a misspelt group', changed('preprocesing', {}), 'preprocesing', 'preprocessing'],
  ['a misspelt value', changed('preprocessing.fit', 'strech'), 'preprocessing.fit', 'stretch'],
  ['a misspelt kind', changed('training.optimizer', { kind: 'adamW' }), 'training.optimizer.kind', 'adamw'],
  ['a misspelt strategy', changed('strategy.name', 'FedAvg'), 'strategy.name', 'fedavg'],
  ['a misspelt family', changed('model.family', 'u-net'), 'model.family', 'unet'],
  ['a value in lower case', changed('data.modality', 'cr'), 'data.modality', 'CR'],
])('%s is an error with its path and the nearest known word', (_what, input, path, nearest) => {
  expect(problems(input)).toContainEqual(expect.objectContaining({ path, nearest }));
});

it('a word that is near to none gets no suggestion', () => {
  for (const input of [changed('onRoundEnd', 'run()'), changed('strategy.name', 'krum')])
    expect(problems(input)).toEqual([expect.not.objectContaining({ nearest: expect.anything() })]);
  expect(nearestWord('x', ['seed', 'xyz'])).toBeUndefined();
  expect(nearestWord('s'.repeat(1_000_000), ['seed'])).toBeUndefined();
});

it('keys that every object inherits are unknown words like any other', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const input: unknown = JSON.parse(`${JSON.stringify(short).slice(0, -1)},"${key}":{"seed":1}}`);
    expect(problems(input)).toEqual([expect.objectContaining({ path: key })]);
  }
});

it('a word of a stranger is told without what could move a terminal, and cut', () => {
  const input = JSON.stringify({ ...short, 'red\u001b[31m': 1, ['x'.repeat(9000)]: 2 });
  const check = checkPlanText(input);
  expect(check.ok ? [] : check.problems.map(({ path }) => path)).toEqual(['red\\u001b[31m', `${'x'.repeat(64)}...`]);
});

it.each([
  ['seed', undefined, 'is missing'],
  ['task.kind', undefined, 'is missing; must be one of segmentation, classification'],
  ['seed', 1.5, 'must be a whole number'],
  ['seed', -1, 'must be at least 0'],
  ['seed', '7', 'must be a number'],
  ['rounds.count', 1001, 'must be at most 1000'],
  ['rounds.deadlineSeconds', 0, 'must be more than 0'],
  ['rounds.deadlineSeconds', Number.POSITIVE_INFINITY, 'must be a number'],
  ['name', 'Lungs!', 'must be lower-case words joined by hyphens'],
  ['purpose', '', 'must have at least 1 characters'],
  ['purpose', 'red \u001b[31m text', 'must be plain text, without control characters'],
  ['purpose', 'turned \u202e text', 'must be plain text, without control characters'],
  ['purpose', 'half \ud800 a pair', 'must be plain text, without control characters'],
  ['task.structures', [], 'must have at least 1 entry'],
  ['task.structures', ['lungs', 'heart'], 'must have at most 1 entry'],
  ['data', 'chest', 'must be a group of named values'],
  ['model.layers', 50, 'is not a word of the vocabulary'],
  ['preprocessing.height', 72, 'must be a multiple of 16, because the model halves it 4 times'],
  ['vocabularyVersion', 1, 'must be 2'],
  ['rounds.maximumShare', 0, 'must be more than 0'],
  ['rounds.maximumShare', 1.01, 'must be at most 1'],
])('%s %o is an error: it %s', (path, value, message) => {
  expect(problems(changed(path, value))).toContainEqual(expect.objectContaining({ path, message }));
});

it('a delta is clipped to the median norm or more, or never; an absolute limit is there only where it is written', () => {
  const protectedBy = (protection: object) => ({ ...short, protection });
  const message = 'must be at least 1, or 0 for no clipping';
  for (const clipToMedianNorm of [0.9, -1])
    expect(problems(protectedBy({ clipToMedianNorm }))).toEqual([{ path: 'protection.clipToMedianNorm', message }]);
  expect(problems(protectedBy({ maximumDeltaNorm: 0 }))).toEqual([
    { path: 'protection.maximumDeltaNorm', message: 'must be more than 0' },
  ]);
  for (const clipToMedianNorm of [0, 1, 2.5])
    expect(resolvePlan(protectedBy({ clipToMedianNorm })).protection).toEqual({ clipToMedianNorm });
  const limited = resolvePlan(protectedBy({ maximumDeltaNorm: 40 }));
  expect(limited.protection).toEqual({ clipToMedianNorm: 3, maximumDeltaNorm: 40 });
  expect(planFromCanonical(canonicalPlan(limited), planHash(limited))).toEqual(limited);
});

it('the numbers of a residual network are checked as words are', () => {
  const task = { kind: 'classification', classes: ['normal', 'abnormal'] };
  const resnet = { ...short, task, model: { family: 'resnet', layers: 50 } };
  expect(problems(resnet)).toEqual([{ path: 'model.layers', message: 'must be one of 18, 34' }]);
  expect(problems({ ...short, task })).toEqual([
    { path: 'model.family', message: 'a classification needs the family resnet' },
  ]);
  const twice = changed('task.classes', ['normal', 'normal'], { ...resnet, model: { family: 'resnet' } });
  expect(problems(twice)).toEqual([{ path: 'task.classes', message: 'each name may occur only once' }]);
});

it('all problems are told at once, sorted by path', () => {
  const input = { ...short, seed: 'x', name: 7, code: 'run()', model: { family: 'unet', depht: 3 } };
  expect(problems(input).map(({ path }) => path)).toEqual(['code', 'model.depht', 'name', 'seed']);
  expect(() => resolvePlan(input)).toThrow(
    expect.objectContaining({
      code: 'PLAN_INVALID',
      detail: { at: 'code', problem: 'is not a word of the vocabulary', problems: 4 },
    }),
  );
});

it.each([null, undefined, 5, 'plan', [], [short], new Map(), () => short])('%o is no plan', (input) => {
  expect(problems(input).length).toBeGreaterThan(0);
});

it('problems of a text name their line, of a missing word the line of its group', () => {
  const text = JSON.stringify({ ...short, modle: 1, rounds: { cuont: 3 } }, null, 2);
  const lines = text.split('\n');
  const check = checkPlanText(text);
  const found = check.ok ? [] : check.problems.map(({ path, line }) => [path, lines[(line ?? 0) - 1]?.trim()]);
  expect(found).toEqual([
    ['modle', '"modle": 1'],
    ['rounds.count', '"rounds": {'],
    ['rounds.cuont', '"cuont": 3'],
  ]);
  const list = checkPlanText(JSON.stringify(changed('task.structures', ['Lungs']), null, 2));
  expect(list.ok ? [] : list.problems).toEqual([expect.objectContaining({ path: 'task.structures.0', line: 8 })]);
});

it('the local twin differs in its strategy alone', () => {
  const plan = resolvePlan(short);
  expect(localTwin(plan)).toEqual({ ...plan, strategy: { name: 'local' } });
  expect(withStrategy(localTwin(plan), 'fedavg')).toEqual(plan);
  expect(() => withStrategy(plan, 'magic' as Plan['strategy']['name'])).toThrow(planInvalid);
});

it('rounds, quorum and seed can be changed, within the vocabulary', () => {
  const plan = resolvePlan(short);
  expect(withOverrides(plan, {})).toEqual(plan);
  const batch = withOverrides(plan, { normalisation: 'batch' });
  expect(batch.model.normalisation).toEqual({ kind: 'batch' });
  expect(withOverrides(plan, { normalisation: 'group' })).toEqual(plan);
  expect(withOverrides(batch, { normalisation: 'group' }).model.normalisation).toEqual({ kind: 'group', groups: 4 });
  expect(withOverrides(plan, { rounds: 9, seed: undefined }).rounds).toEqual({ ...plan.rounds, count: 9 });
  expect(withOverrides(plan, { quorum: 2, seed: 0 })).toMatchObject({ rounds: { count: 3, quorum: 2 }, seed: 0 });
  expect(() => withOverrides(plan, { rounds: 0 })).toThrow(planInvalid);
  expect(() => withOverrides(plan, { seed: Number.NaN })).toThrow(planInvalid);
});
