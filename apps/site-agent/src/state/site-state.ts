import { AgentFacts } from './agent-facts.js';
import { DatasetRegistry } from './dataset-registry.js';
import { HeldModels } from './held-models.js';
import { InvitationBook } from './invitation-book.js';
import { Outbox } from './outbox.js';
import { openSiteDatabase } from './site-database.js';

/** Everything in state.sqlite, one object per concern, over one connection. */
export interface SiteState {
  readonly facts: AgentFacts;
  readonly datasets: DatasetRegistry;
  readonly invitations: InvitationBook;
  readonly outbox: Outbox;
  readonly heldModels: HeldModels;
  close(): void;
}

export function openSiteState(path: string): SiteState {
  const database = openSiteDatabase(path);
  return {
    facts: new AgentFacts(database),
    datasets: new DatasetRegistry(database),
    invitations: new InvitationBook(database),
    outbox: new Outbox(database),
    heldModels: new HeldModels(database),
    close: () => database.close(),
  };
}
