/**
 * Everything that the audit log can say, and what each entry records. A new act is a new row here, never free text.
 * The dotted name is stored; a row is never renamed or given another meaning.
 */
export const AUDIT_ENTRY_TYPES = {
  'plan.create': 'A person submitted a plan; the payload holds its hash.',
  'run.create': 'A run of a plan was made, with the sites that it invites.',
  'run.start': 'The invitations are answered; the rounds begin.',
  'run.wait': 'The run waits; the payload says for what.',
  'run.proceed': 'What the run waited for has come.',
  'run.pause': 'A person halted the run.',
  'run.resume': 'A person let the run go on.',
  'run.complete': 'All rounds and evaluations are done.',
  'run.fail': 'The run cannot go on; the payload says why.',
  'run.abort': 'A person ended the run before its time.',
  'invitation.sent': 'A site was asked to take part in a run.',
  'invitation.accept': 'A site takes part, with a dataset version and its example count.',
  'invitation.decline': 'A site does not take part; the payload holds its reason.',
  'invitation.missed': 'A site did not answer in time.',
  'participant.leave': 'A site withdrew from a run for good; the payload holds its reason.',
  'round.plan': 'A round was planned from a base model.',
  'round.recruit': 'The round looks for its cohort.',
  'round.cohort': 'The cohort of the round is fixed; training begins.',
  'update.received': 'An update of a site was accepted for aggregation.',
  'update.refused': 'An update of a site was refused; the payload holds the code.',
  'update.missed': 'A site of the cohort delivered no update in time.',
  'round.submissions.closed':
    'No more updates are taken; the payload lists those that count, or names the list by digest.',
  'update.limited': 'An update counts for less, by the plan: share of the sum and norm of the delta, before and after.',
  'candidate.proposed': 'The aggregate of the accepted updates, by digest.',
  'evaluation.assigned': 'A site was asked to evaluate a model.',
  'evaluation.received': 'A site delivered the statistics of a model.',
  'evaluation.refused': 'A site or the coordinator refused an evaluation; the payload holds the code.',
  'round.close': 'The candidate is the new global model.',
  'round.reject': 'The candidate was not accepted; the global model stays.',
  'round.abort': 'The round ended without a candidate; the payload says why.',
  'round.updates.dropped':
    'The chunks of the updates of a round are deleted by the retention rule; the payload counts updates, chunks and bytes.',
  'model.register': 'A model version was added to the registry.',
  'model.export': 'A person took a model version away.',
  'site.hello':
    'An agent of a site connected that is new, or says something else of itself and its data than the last one.',
  'site.refused': 'A connection that named a site was refused; the payload holds the code.',
  'list.part': 'Items of a list that the entry after it names by digest, because one entry cannot hold them all.',
} as const;

export type AuditEntryType = keyof typeof AUDIT_ENTRY_TYPES;

export function isAuditEntryType(value: unknown): value is AuditEntryType {
  return typeof value === 'string' && Object.hasOwn(AUDIT_ENTRY_TYPES, value);
}
