// `npm run bench -- NAME [--json FILE] [--peer NAME]`: starts the harness on this Node with its types stripped.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const harness = fileURLToPath(new URL('harness/main.ts', import.meta.url));
const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
const child = spawn(process.execPath, [...flags, harness, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
