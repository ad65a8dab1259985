import { vi } from 'vitest';

/** What `act` writes to the standard output. */
export async function printed(act: () => Promise<void>): Promise<string> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await act();
  } finally {
    spy.mockRestore();
  }
  return text;
}
