import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The DICOM validator of dicom3tools; undefined where it is not installed. */
export const DCIODVFY: string | undefined =
  spawnSync('dciodvfy', ['-version'], { encoding: 'utf8' }).error === undefined ? 'dciodvfy' : undefined;

/** The validator's errors and warnings on a file of these bytes; [] means that it knows the object and finds it good. */
export function dciodvfy(bytes: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'dciodvfy-'));
  try {
    const file = join(folder, 'object.dcm');
    writeFileSync(file, bytes);
    const { stderr, status } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    const lines = stderr.split('\n').filter((line) => /Error|Warning/.test(line));
    return status === 0 || lines.length > 0 ? lines : [`status ${status}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
