/** State -> event -> next state: the form of all three machines. */
export type TransitionTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** The next state, or undefined when the table has no such row or event (events arrive from the network as text). */
export function nextState<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  from: State,
  event: Event,
): State | undefined {
  const row = Object.hasOwn(table, from) ? table[from] : undefined;
  return row !== undefined && Object.hasOwn(row, event) ? row[event] : undefined;
}
