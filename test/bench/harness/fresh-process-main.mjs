// What `inFreshProcess` starts: calls one function of one module and prints its result as the last line.
const [url = '', work = '', argument = 'null'] = process.argv.slice(2);
const module = await import(url);
process.stdout.write(`${JSON.stringify(await module[work](JSON.parse(argument)))}\n`);
