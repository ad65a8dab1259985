import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PollWorkResponseSchema } from '@consilium/proto';
import type { Work } from '../rounds/find-work.js';
import { bytesOf, manifestToWire, splitToWire } from './wire.js';

export function workToWire(work: Work | null): MessageInitShape<typeof PollWorkResponseSchema> {
  if (work === null) return {};
  switch (work.kind) {
    case 'stop':
      return { work: { case: 'stop', value: { runId: work.runId, reason: work.reason } } };
    case 'invitation': {
      const { runId, planHash, plan, sites } = work;
      const value = { runId, plan: Uint8Array.from(plan), planDigest: bytesOf(planHash), invitedSites: [...sites] };
      return { work: { case: 'invitation', value } };
    }
    case 'evaluate': {
      const { evaluationId, split } = work;
      const scoreEdges = work.scoreEdges.map((edges) => ({ edges: [...edges] }));
      const value = { ...withModel(work), evaluationId, split: splitToWire(split), scoreEdges };
      return { work: { case: 'evaluate', value } };
    }
    case 'train': {
      const { round, baseRound, closedRounds, closesInMs } = work;
      const value = { ...withModel(work), round, baseRound, closedRounds, closesInMs: BigInt(closesInMs) };
      return { work: { case: 'train', value } };
    }
  }
}

function withModel({
  runId,
  planHash,
  modelDigest,
  model,
  datasetVersion,
}: Extract<Work, { kind: 'train' | 'evaluate' }>) {
  return {
    ...{ runId, datasetVersion },
    planDigest: bytesOf(planHash),
    modelDigest: bytesOf(modelDigest),
    model: manifestToWire(model),
  };
}
