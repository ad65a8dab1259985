// `node test/run.mjs FOLDER [words]`: starts FOLDER/main.ts on this Node with its types stripped.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [folder, ...words] = process.argv.slice(2);
const main = fileURLToPath(new URL(`${folder}/main.ts`, import.meta.url));
const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
const child = spawn(process.execPath, [...flags, main, ...words], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
