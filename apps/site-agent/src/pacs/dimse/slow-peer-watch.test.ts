import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SlowPeerWatch } from './slow-peer-watch.js';

const LOOK_MS = 1000;
let socket: { bytesRead: number; isPaused(): boolean };
let isPaused: boolean;
let isBusy: boolean;
let cutOff: number;
let watch: SlowPeerWatch;

beforeEach(() => {
  vi.useFakeTimers();
  [isPaused, isBusy, cutOff] = [false, true, 0];
  socket = Object.assign(new EventEmitter(), { bytesRead: 0, isPaused: () => isPaused });
  watch = new SlowPeerWatch(
    socket as unknown as Socket,
    () => isBusy,
    () => cutOff++,
    LOOK_MS,
  );
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

function looks(count: number, bytesEach: number): void {
  for (let i = 0; i < count; i++) {
    socket.bytesRead += bytesEach;
    vi.advanceTimersByTime(LOOK_MS);
  }
}

it.each([0, 1, 15_000])('cuts off a peer that goes on with %i bytes a look', (bytes) => {
  looks(3, bytes);
  expect(cutOff).toBe(0);
  looks(1, bytes);
  expect(cutOff).toBe(1);
});

it('bears a slow moment, a pause between objects, and our own slowness', () => {
  looks(3, 100);
  looks(1, 1_000_000);
  looks(3, 100);
  isBusy = false;
  looks(10, 0);
  isBusy = true;
  isPaused = true;
  looks(10, 0);
  expect(cutOff).toBe(0);
});
