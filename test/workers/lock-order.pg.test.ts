/** Nobody gets a deadlock from a worker either: a whole pass is looked at, upkeep included. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createImat } from '../../engine/index.ts';
import { createContext, type DatabaseContext } from '../../workers/database/context.ts';
import { runPass } from '../../workers/database/single-pass.ts';
import { createLog } from '../../workers/log.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import type { SessionPool } from '../../workers/session-pool.ts';
import { Slots } from '../../workers/slots.ts';
import { LockOrder } from '../engine/commands/support/lock-order.ts';
import { createPreparedWorld, type World } from '../engine/commands/support/world.ts';
import { REBUILT } from '../setup/rebuilt.ts';

const SUMMED = 'SELECT k, sum(v) AS total FROM public.t GROUP BY k';
const KEPT = {
  totals: SUMMED,
  joined: 'SELECT o.k, max(t.v) AS most FROM public.other o JOIN public.t USING (k) GROUP BY o.k',
  recent: SUMMED.replace('GROUP', "WHERE at > now() - interval '7 days' GROUP"),
  mixed: `${REBUILT} SELECT b.k, n.text FROM public.big b JOIN public.note n USING (k)`,
};
const SETUP = `
CREATE TABLE t (k int, v int, at timestamptz DEFAULT now());
CREATE TABLE other (k int);
CREATE UNLOGGED TABLE note (k int, text text);
CREATE VIEW big AS SELECT * FROM t WHERE v > 10;
INSERT INTO t SELECT i % 5, i FROM generate_series(1, 100) AS i;
INSERT INTO other SELECT generate_series(0, 5);
${['t', 'other', 'big', 'note']
  .map((name) => `CREATE MATERIALIZED VIEW asked_for_${name} AS ${SUMMED};`)
  .join('\n')}`;

let world: World;
let order: LockOrder;
beforeAll(async () => {
  world = await createPreparedWorld(SETUP);
  for (const [name, definition] of Object.entries(KEPT))
    await world.imat.create(name, definition, name === 'mixed' ? { freshness: '1s' } : {});
  order = await LockOrder.create(world);
});
afterAll(() => world.drop());

/** Its sessions are those of the pool. */
function watch(pool: SessionPool): void {
  const acquire = pool.with.bind(pool);
  pool.with = (body, leastMs) =>
    acquire(async ({ db }) => {
      const watched = await order.watched(db);
      return body({ db: watched, imat: createImat(watched) });
    }, leastMs);
}

function newContext(): DatabaseContext {
  const context = createContext({
    target: { kind: 'url', url: world.url },
    queue: null,
    policy: { ...DEFAULT_POLICY, tickMs: 20, liveSwapMs: 0 },
    workerId: 'watched',
    claimed: new Map(),
    version: 'test',
    slots: new Slots(DEFAULT_POLICY.concurrency),
    log: createLog('silent', 'watched', () => undefined),
    metrics: createMetrics(),
  });
  watch(context.control);
  watch(context.work);
  return context;
}

test.each(['t', 'other', 'big', 'note'])('a pass while %s is locked', async (target) => {
  await world.sql(`
      INSERT INTO t SELECT i, 50 FROM generate_series(1, 5) AS i; INSERT INTO other VALUES (1);
      INSERT INTO note VALUES (1, 'more');
      UPDATE imat_catalog.schedule SET last_ended_at = last_ended_at - interval '1 minute',
        stored_at = stored_at - interval '1 minute';
      SELECT imat.create_imat('asked_for_${target}')`);
  const before = order.waits;
  order.lock(`public.${target}`);
  const context = newContext();
  try {
    await runPass(context);
  } finally {
    await Promise.all([context.control.close(), context.work.close()]);
    expect(await order.victims()).toEqual([]);
  }
  expect(order.waits).toBeGreaterThan(before);
});
