/** What hospitals send is for this process alone. */
export const PRIVATE_FOLDER = { recursive: true, mode: 0o700 } as const;
