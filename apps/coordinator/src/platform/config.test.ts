import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { configFrom } from './config.js';

function complete(): Record<string, string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'consilium-config-'));
  for (const name of ['ca.pem', 'server.pem', 'server.key']) writeFileSync(path.join(folder, name), name);
  return {
    CONSILIUM_FEDERATION: 'north',
    DATABASE_URL: 'postgresql://u:p@127.0.0.1:5432/d',
    CONSILIUM_DATA: folder,
    CONSILIUM_TLS_DIR: folder,
    CONSILIUM_TOKEN_FILE: path.join(folder, 'token'),
  };
}

it('listens on loopback at a free port unless told otherwise', () => {
  const config = configFrom(complete());
  expect(config.http).toEqual({ host: '127.0.0.1', port: 0 });
  expect(config.readTls()).toEqual({ ca: 'ca.pem', certificate: 'server.pem', key: 'server.key' });
  expect(Object.isFrozen(config)).toBe(true);
  expect(configFrom({ ...complete(), CONSILIUM_GRPC_HOST: '0.0.0.0', CONSILIUM_GRPC_PORT: '7443' }).grpc).toEqual({
    host: '0.0.0.0',
    port: 7443,
  });
});

it('takes models up to a bound that can be set', () => {
  expect(configFrom(complete()).maximumParameters).toBe(64_000_000);
  const bound = (text: string) => configFrom({ ...complete(), CONSILIUM_MAXIMUM_PARAMETERS: text });
  expect(bound('1000').maximumParameters).toBe(1000);
  for (const text of ['0', '-1', '1.5', 'many', ''])
    expect(() => bound(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

it('names every problem at once', () => {
  try {
    configFrom({
      ...complete(),
      CONSILIUM_FEDERATION: 'No Good',
      DATABASE_URL: 'mysql://x',
      CONSILIUM_TLS_DIR: '/nowhere',
      CONSILIUM_KILL_POINT: 'closed',
    });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const problems = String((error as ConsiliumError).detail.problems).split('\n');
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'CONSILIUM_FEDERATION',
      'DATABASE_URL',
      'CONSILIUM_TLS_DIR',
      'CONSILIUM_TLS_DIR',
      'CONSILIUM_TLS_DIR',
      'CONSILIUM_KILL_POINT',
    ]);
  }
});
