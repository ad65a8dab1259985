// The one way in from a fresh clone: installs, generates and builds what is missing, then runs the command.
// Plain JavaScript without dependencies, because it runs before anything is installed, on whatever Node is there.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { COMMANDS } from './commands.mjs';
import { FAILED, nodeBinary, root, say } from './steps.mjs';

const startedAt = Date.now() - Math.round(process.uptime() * 1000);
const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) {
  say(`usage: node deploy/setup/run.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`);
  process.exit(2);
}
process.chdir(root);
try {
  for (const step of command.steps) await step();
  for (const line of command.lines(args)) {
    const code = await run(line);
    if (code !== 0) process.exit(code);
  }
} catch (error) {
  if (error !== FAILED) throw error;
  process.exit(1);
}

/** Runs one command on the project's own Node, in the foreground; Ctrl-C reaches it through the terminal, SIGTERM is passed on. */
function run([file, ...rest]) {
  const child = spawn(nodeBinary(), [path.join(root, file), ...rest], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`,
      // What is compiled once need not be again: tests start hundreds of processes from the sources.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(root, 'node_modules', '.cache', 'node'),
      CONSILIUM_STARTED_AT: String(startedAt),
    },
  });
  const ignore = () => undefined;
  const pass = () => child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
