import type { RoundStages } from '../stages.js';
import { openWith } from './open.js';
import { protectWith } from './protect.js';
import { recallWith, submitWith } from './submit.js';
import { trainWith } from './train.js';
import type { Work } from './work-context.js';

export function roundStages(work: Work): RoundStages {
  return {
    recall: recallWith(work),
    open: openWith(work),
    train: trainWith(work),
    protect: protectWith(work),
    submit: submitWith(work),
  };
}
