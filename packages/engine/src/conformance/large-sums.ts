import type { Case } from './cases.js';

const COUNT = 20_000_000;

/** Sums in which float32 loses count: from 2^24 on, adding 1 changes nothing, and 0.1 is rounded away long before. */
export const LARGE_SUMS: Case[] = [
  { name: 'sum of 20 million ones', compute: ({ tf }) => [tf.sum(tf.ones([COUNT]))] },
  { name: 'sums of 10 million rows of two ones', compute: ({ tf }) => [tf.sum(tf.ones([COUNT / 2, 2]), 0)] },
  { name: 'mean of 20 million tenths', compute: ({ tf }) => [tf.mean(tf.fill([COUNT], 0.1))] },
  {
    name: 'mean over images and pixels of 20 million tenths',
    compute: ({ tf }) => [tf.mean(tf.fill([5, 1000, 1000, 4], 0.1), [0, 1, 2])],
  },
];
