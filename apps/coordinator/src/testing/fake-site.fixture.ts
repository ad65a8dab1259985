import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createClient, type ServiceClient } from '@consilium/grpc';
import { buildModel, modelPorts } from '@consilium/models';
import { type Authority, type IssuedCertificate, issueSiteCertificate } from '@consilium/pki';
import { type Plan, planFromCanonical, VOCABULARY_VERSION } from '@consilium/plan';
import {
  CoordinatorService,
  type EvaluateAssignment,
  type Invitation,
  type PollWorkResponse,
  type TrainAssignment,
} from '@consilium/proto';
import {
  chunksOf,
  type Layout,
  type Manifest,
  manifestDigest,
  manifestOf,
  payloadBytes,
  payloadValues,
  sha256Hex,
} from '@consilium/tensors';
import canonicalize from 'canonicalize';

export interface FakeSiteOptions {
  readonly exampleCount?: number;
  /** The change that training makes to a weight; a number that is its own in each round and at each place. */
  readonly delta?: (round: number, index: number) => number;
  /** The code with which every evaluation fails here. */
  readonly evaluationFailure?: string;
}

type PollWork = PollWorkResponse['work'];
type Kind = NonNullable<PollWork['case']>;
type WorkOf<K extends Kind> = Extract<PollWork, { case: K }>['value'];

const DATASET = 'phantom';
const VERSION = 'v1';

/** What an agent does, without data and without an engine. Its calls are the real ones. */
export class FakeSite {
  private client: ServiceClient<typeof CoordinatorService> | null = null;
  private readonly plans = new Map<string, { plan: Plan; layout: Layout }>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  readonly instanceId = randomUUID();
  /** What it was asked to do, in order: `train 2`, `evaluate test`, `stop`. */
  readonly did: string[] = [];

  private constructor(
    readonly siteId: string,
    readonly identity: IssuedCertificate,
    private readonly options: FakeSiteOptions,
  ) {}

  static async make(authority: Authority, siteId: string, options: FakeSiteOptions): Promise<FakeSite> {
    return new FakeSite(siteId, await issueSiteCertificate(authority, { siteId }), options);
  }

  async dial(address: string): Promise<void> {
    this.client?.close();
    this.client = createClient(CoordinatorService, { address, tls: this.identity });
    await this.hello();
  }

  async hello(startCount = 1n, instanceId: string = this.instanceId, validation = 4n) {
    return this.calls.hello({
      ...{ instanceId, startCount, agentVersion: 'test', vocabularyVersion: VOCABULARY_VERSION },
      backEnds: [{ name: 'cpu', threads: 1 }],
      datasets: [{ name: DATASET, version: VERSION, train: BigInt(this.exampleCount), validation, test: 4n }],
    });
  }

  get calls(): ServiceClient<typeof CoordinatorService> {
    if (this.client === null) throw new Error('the site has not dialled');
    return this.client;
  }

  get metadata() {
    return { metadata: { 'consilium-instance': this.instanceId } };
  }

  get exampleCount(): number {
    return this.options.exampleCount ?? 10;
  }

  /** Does whatever work comes until it is closed. */
  begin(): void {
    this.loop = this.work();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    this.client?.close();
  }

  async poll(waitMs = 0): Promise<PollWorkResponse['work']> {
    return (await this.calls.pollWork({ waitMs }, { ...this.metadata, signal: this.stopping.signal })).work;
  }

  /** The next work, which must be of this kind. */
  async next<K extends Kind>(kind: K): Promise<WorkOf<K>> {
    const work = await this.poll(10_000);
    if (work.case !== kind) throw new Error(`${this.siteId}: ${work.case} instead of ${kind}`);
    return work.value as WorkOf<K>;
  }

  async accept({ runId, plan, planDigest }: Invitation): Promise<void> {
    this.learn(plan, planDigest);
    const value = { datasetVersion: VERSION, exampleCount: BigInt(this.exampleCount) };
    await this.calls.answerInvitation({ runId, planDigest, answer: { case: 'accept', value } }, this.metadata);
  }

  /** The delta of an assignment, in layout order. */
  delta(assignment: TrainAssignment): { values: Float32Array; manifest: Manifest } {
    const { layout } = this.planOf(assignment.planDigest);
    const length = Number(assignment.model!.bytes) / 4;
    const change = this.options.delta ?? ((round, index) => Math.fround(0.001 * round * ((index % 7) - 3)));
    const values = Float32Array.from({ length }, (_, index) => change(assignment.round, index));
    return { values, manifest: manifestOf(layout, values) };
  }

  async train(assignment: TrainAssignment): Promise<void> {
    await this.fetch(assignment.modelDigest, assignment.model!.chunkDigests);
    const { values, manifest } = this.delta(assignment);
    await this.upload(assignment, manifest, values);
    await this.submit(assignment, manifest);
  }

  async fetch(modelDigest: Uint8Array, chunkDigests: readonly Uint8Array[], offset = 0n): Promise<Float32Array> {
    const pieces: Uint8Array[] = [];
    const ranges = chunkDigests.map((digest) => ({ digest, offset }));
    for await (const { piece } of this.calls.fetchChunks({ modelDigest, ranges }, this.metadata))
      pieces.push(piece!.data);
    return payloadValues(Buffer.concat(pieces));
  }

  async offer({ runId, round }: { runId: string; round: number }, manifest: Manifest) {
    const { missing } = await this.calls.offerManifest(
      { runId, round, manifest: wireManifest(manifest) },
      this.metadata,
    );
    return missing;
  }

  async upload(at: { runId: string; round: number }, manifest: Manifest, values: Float32Array): Promise<void> {
    const chunks = new Map([...chunksOf(payloadBytes(values))].map((chunk) => [sha256Hex(chunk), chunk]));
    const missing = await this.offer(at, manifest);
    const { runId, round } = at;
    const requests = missing.map(({ digest, offset }) => ({
      ...{ runId, round },
      piece: {
        digest,
        offset,
        data: Uint8Array.from(chunks.get(Buffer.from(digest).toString('hex'))!.subarray(Number(offset))),
      },
    }));
    await this.calls.putChunks(requests, this.metadata);
  }

  async submit(
    assignment: TrainAssignment,
    manifest: Manifest,
    changes: { readonly exampleCount?: bigint; readonly baseRound?: number; readonly updateId?: string } = {},
  ) {
    const { receipt } = await this.calls.submitUpdate(
      { ...updateRequest(this, assignment, manifest), ...changes },
      this.metadata,
    );
    return receipt!;
  }

  /** `examples` beyond the four are all of the first class, and classified rightly. */
  async evaluate(asked: EvaluateAssignment, right = 3, examples = 4n) {
    const { evaluationId, modelDigest, datasetVersion, split } = asked;
    const { receipt } = await this.calls.submitEvaluation(
      {
        ...{ evaluationId, modelDigest, datasetVersion, split, scoreEdgesDigest: scoreEdgesDigest(asked) },
        result:
          this.options.evaluationFailure === undefined
            ? { case: 'statistics', value: examplesOf(right, examples - 4n) }
            : { case: 'failure', value: { code: this.options.evaluationFailure, sentence: '' } },
      },
      this.metadata,
    );
    return receipt!;
  }

  private async work(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.step(await this.poll(2000));
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        // The coordinator restarts, or the round went on without this site: ask again.
        this.did.push(`error ${(error as { code?: string }).code}`);
        await once(AbortSignal.timeout(50), 'abort');
      }
    }
  }

  private async step(work: PollWorkResponse['work']): Promise<void> {
    if (work.case !== undefined) this.did.push(work.case === 'train' ? `train ${work.value.round}` : work.case);
    if (work.case === 'invitation') await this.accept(work.value);
    if (work.case === 'train') await this.train(work.value);
    if (work.case === 'evaluate') {
      await this.fetch(work.value.modelDigest, work.value.model!.chunkDigests);
      await this.evaluate(work.value);
    }
  }

  private learn(bytes: Uint8Array, digest: Uint8Array): void {
    const plan = planFromCanonical(bytes, Buffer.from(digest).toString('hex'));
    this.plans.set(Buffer.from(digest).toString('hex'), {
      plan,
      layout: buildModel(plan.model, modelPorts(plan)).layout,
    });
  }

  private planOf(digest: Uint8Array) {
    const known = this.plans.get(Buffer.from(digest).toString('hex'));
    if (known === undefined) throw new Error('a plan that this site was not asked about');
    return known;
  }
}

/** What a site submits for an assignment. */
export function updateRequest(site: FakeSite, assignment: TrainAssignment, manifest: Manifest) {
  const { runId, round, modelDigest, baseRound } = assignment;
  const id = { runId, round, siteId: site.siteId, manifestDigest: manifestDigest(manifest) };
  return {
    ...{ runId, round, baseRound, updateId: sha256Hex(canonicalize(id) as string) },
    ...{ manifest: wireManifest(manifest), exampleCount: BigInt(site.exampleCount), localSteps: 3n },
    ...{ baseModelDigest: modelDigest, trainingLoss: 0.5, deltaNorm: 1 },
  };
}

export function wireManifest({ layoutDigest, bytes, chunkDigests }: Manifest) {
  const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  return { layoutDigest: bytesOf(layoutDigest), bytes: BigInt(bytes), chunkDigests: chunkDigests.map(bytesOf) };
}

export function scoreEdgesDigest({ scoreEdges }: Pick<EvaluateAssignment, 'scoreEdges'>): Uint8Array<ArrayBuffer> {
  const edges = scoreEdges.map((ofClass) => ofClass.edges);
  return Uint8Array.from(Buffer.from(sha256Hex(canonicalize(edges) as string), 'hex'));
}

/** Statistics of two examples of each of two classes, `right` of the four classified rightly, and `more` of the first. */
export function examplesOf(right: number, more: bigint) {
  const bins = (at: readonly number[], first = 0n) =>
    Array.from({ length: 11 }, (_, bin) => BigInt(at.filter((b) => b === bin).length) + (bin === 0 ? first : 0n));
  const wrong = 4 - right;
  return {
    kind: {
      case: 'classification' as const,
      value: {
        examples: 4n + more,
        classes: [
          { positives: bins([9, 9], more), negatives: bins([1, wrong === 0 ? 1 : 10]) },
          { positives: bins([9, wrong === 0 ? 9 : 0]), negatives: bins([1, 1], more) },
        ],
        confusion: [2n + more, 0n, BigInt(wrong), BigInt(right - 2)],
      },
    },
  };
}
