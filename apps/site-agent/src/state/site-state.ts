import { ActBook } from './act-book.js';
import { AgentFacts } from './agent-facts.js';
import { DatasetBindings } from './dataset-bindings.js';
import { DatasetRegistry } from './dataset-registry.js';
import { ExcludedPatients } from './excluded-patients.js';
import { HeldModels } from './held-models.js';
import { InvitationBook } from './invitation-book.js';
import { Outbox } from './outbox.js';
import { RefusalBook } from './refusal-book.js';
import { SelectionBook } from './selection-book.js';
import { inTransaction, openSiteDatabase } from './site-database.js';
import { WorkBook } from './work-book.js';

/** Everything in state.sqlite, one object per concern, over one connection. */
export interface SiteState {
  readonly facts: AgentFacts;
  readonly datasets: DatasetRegistry;
  readonly bindings: DatasetBindings;
  readonly excluded: ExcludedPatients;
  readonly invitations: InvitationBook;
  readonly outbox: Outbox;
  readonly heldModels: HeldModels;
  readonly acts: ActBook;
  readonly refusals: RefusalBook;
  readonly selections: SelectionBook;
  readonly work: WorkBook;
  /** All of `work` or nothing of it. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export function openSiteState(path: string): SiteState {
  const database = openSiteDatabase(path);
  return {
    facts: new AgentFacts(database),
    datasets: new DatasetRegistry(database),
    bindings: new DatasetBindings(database),
    excluded: new ExcludedPatients(database),
    invitations: new InvitationBook(database),
    outbox: new Outbox(database),
    heldModels: new HeldModels(database),
    acts: new ActBook(database),
    refusals: new RefusalBook(database),
    selections: new SelectionBook(database),
    work: new WorkBook(database),
    transaction: (work) => inTransaction(database, work),
    close: () => database.close(),
  };
}
