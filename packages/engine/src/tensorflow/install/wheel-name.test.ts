import { expect, it } from 'vitest';
import { chooseWheel, satisfies } from './wheel-name.js';

const request = { project: 'tensorflow-cpu', versions: '==2.21.0', machine: 'x86_64', glibc: '2.31' };
const choose = (files: string[], changes = {}) => chooseWheel(files, { ...request, ...changes })?.file;
const wheel = (python: string, platform: string, version = '2.21.0') =>
  `tensorflow_cpu-${version}-${python}-${python}-${platform}.whl`;

it('takes the newest Python tag, whatever Python is here', () => {
  const files = ['cp39', 'cp311', 'cp310'].map((python) => wheel(python, 'manylinux_2_27_x86_64', '2.99.0'));
  expect(choose(files, { versions: '==2.99.0' })).toBe(files[1]);
});

it('prefers a file that is pinned', () => {
  const newer = wheel('cp399', 'manylinux_2_27_x86_64');
  const pinned = wheel('cp311', 'manylinux_2_27_x86_64');
  expect(choose([newer, pinned])).toBe(pinned);
});

it('passes over other machines, newer C libraries, other systems, versions and projects', () => {
  expect(
    choose([
      wheel('cp311', 'manylinux_2_27_aarch64'),
      wheel('cp311', 'manylinux_2_34_x86_64'),
      wheel('cp311', 'win_amd64'),
      wheel('cp311', 'macosx_12_0_x86_64'),
      wheel('cp311', 'musllinux_1_2_x86_64'),
      wheel('cp311', 'manylinux_2_27_x86_64', '2.20.0'),
      wheel('cp311', 'manylinux_2_27_x86_64', '2.21.0rc1'),
      'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
      'tensorflow_cpu-2.21.0.tar.gz',
    ]),
  ).toBeUndefined();
});

it('reads several platform tags, of the old kind too', () => {
  const file = 'nvidia_x-1.2-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl';
  expect(choose([file], { project: 'nvidia.x', versions: '<2,>=1.0.5' })).toBe(file);
});

it('compares versions by number', () => {
  expect(satisfies('12.10', '<13.0,>=12.9.1')).toBe(true);
  expect(satisfies('13.0.0', '<13.0,>=12.9.1')).toBe(false);
  expect(satisfies('12.9', '>=12.9.1')).toBe(false);
  expect(satisfies('2.21', '==2.21.0')).toBe(true);
  expect(satisfies('3.1', '!=3.1,>3')).toBe(false);
});
