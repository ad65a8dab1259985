// What `inFreshProcess` starts: calls one function of one module and prints its result as the last line.
const [, , url, work, argument] = process.argv as [string, string, string, string, string];
const module: Record<string, (argument: unknown) => Promise<unknown>> = await import(url);
process.stdout.write(`${JSON.stringify(await module[work]!(JSON.parse(argument)))}\n`);

export {};
