import type { Environment } from '../env.js';
import { chosenFolder, connectTo } from '../federation-folder.js';
import { print } from '../terminal.js';

/** `consilium page`: an address that signs a browser in. Errors  NOT_RUNNING. */
export async function page(options: { readonly dir?: string }, environment: Environment): Promise<void> {
  const client = await connectTo(await chosenFolder(options.dir, environment.federationFolder));
  print(await client.page());
}
