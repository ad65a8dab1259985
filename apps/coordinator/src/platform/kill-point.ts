import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, type KillPointName } from './config.js';

/** For fault tests: the process kills itself at a named point, once for each point and log file. */
@Injectable()
export class KillPoint {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'kill'>) {}

  /** Dies here if it was told to and has not yet. The log is on disk before, so that the point fires once and can be counted. */
  reach(name: KillPointName): void {
    const { kill } = this.config;
    if (!kill?.points.includes(name)) return;
    const fired = existsSync(kill.logFile) ? readFileSync(kill.logFile, 'utf8').split('\n') : [];
    if (fired.includes(name)) return;
    const file = openSync(kill.logFile, 'a');
    writeSync(file, `${name}\n`);
    fsyncSync(file);
    closeSync(file);
    process.kill(process.pid, 'SIGKILL');
  }
}
