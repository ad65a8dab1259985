import { mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsiliumError } from '@consilium/errors';
import type { InstallationFolder } from '../installation.js';
import { runTool } from './run-tool.js';
import type { InstallContext } from './source.js';

const COMPILERS = ['c++', 'g++', 'clang++'] as const;
/** Our own C++ source; the source and the built file lie equally deep. */
const CONTEXT_OPTIONS = fileURLToPath(new URL('../../../native/context-options.cc', import.meta.url));

/** N-API, from npm: nothing of this Node's own headers is needed. */
const nodeHeaders = () =>
  join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');

/** Headers of the wheel that the addon is compiled against. */
export const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
].map((header) => `tensorflow/include/${header}`);

/** The C++ compiler of this machine, undefined when there is none. */
export async function findCompiler(signal: AbortSignal): Promise<string | undefined> {
  for (const compiler of COMPILERS) if ((await runTool([compiler, '--version'], signal)).code === 0) return compiler;
  return undefined;
}

/**
 * Compiles upstream's unmodified sources and our one file into the addon. Only the C API of TensorFlow and N-API 8 are
 * used, so that one addon serves every later Node. The libraries are found beside it, wherever the installation lies.
 *
 * Errors   ENGINE_INSTALL_FAILED with what the compiler said, or that there is none.
 */
export async function buildAddon(folder: InstallationFolder, context: InstallContext): Promise<void> {
  const compiler = await findCompiler(context.signal);
  if (!compiler)
    throw new ConsiliumError('ENGINE_INSTALL_FAILED', {
      reason: `no C++ compiler (${COMPILERS.join(', ')}) and no prebuilt addon; put one into the folder of --from`,
    });
  context.report({ doing: `compiling the addon with ${compiler}` });
  const binding = join(folder.binding, 'binding');
  const sources = (await readdir(binding)).filter((name) => name.endsWith('.cc')).sort();
  await mkdir(dirname(folder.addon), { recursive: true, mode: 0o700 });
  const result = await runTool(
    [
      compiler,
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-fno-exceptions', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
      ...[`-I${nodeHeaders()}`, `-I${join(folder.tensorflow, 'include')}`],
      ...sources.map((name) => join(binding, name)),
      CONTEXT_OPTIONS,
      '-Wl,--wrap=TFE_NewContextOptions',
      `-L${folder.tensorflow}`,
      ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../tensorflow'],
      ...['-o', folder.addon],
    ],
    context.signal,
  );
  if (context.signal.aborted) throw new ConsiliumError('STOPPED');
  if (result.code !== 0)
    throw new ConsiliumError('ENGINE_INSTALL_FAILED', {
      reason: result.stderr.split('\n').find((line) => /error/i.test(line)) ?? `${compiler} ended with ${result.code}`,
    });
}
