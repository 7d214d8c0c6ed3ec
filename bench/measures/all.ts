/** Every measure, in the order in which they run. */
import type { Measure } from '../measure.ts';
import { accounting } from './accounting.ts';
import { bulk } from './bulk.ts';
import { extension } from './extension.ts';
import { fold } from './fold.ts';
import { growth } from './growth.ts';
import { hotGroups } from './hot-groups.ts';
import { load } from './load.ts';
import { mainJob } from './main-job.ts';
import { memory } from './memory.ts';
import { reads } from './reads.ts';
import { siblings } from './siblings.ts';
import { sql } from './sql.ts';
import { workers } from './workers.ts';
import { writes } from './writes.ts';

export const MEASURES: readonly Measure[] = [
  mainJob,
  writes,
  hotGroups,
  bulk,
  siblings,
  reads,
  sql,
  growth,
  fold,
  load,
  accounting,
  extension,
  workers,
  memory,
];
