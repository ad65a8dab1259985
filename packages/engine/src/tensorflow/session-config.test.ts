import { expect, it } from 'vitest';
import { sessionConfig } from './session-config.js';

// Read back with upstream's own config_pb2: these fields, and no other.
it('writes threads, growth of GPU memory and its limit as TensorFlow reads them', () => {
  expect(sessionConfig({ threads: 2 })).toBe('10022801' + '32022001');
  expect(sessionConfig({ threads: 300, gpuMemoryMebibytes: 4096 })).toBe(
    '10ac022801' + '320c2001' + '4a080a060a0400008045',
  );
});
