/** Workers fold the counters of change accounting, and tell nobody if there are none. */
import { expect, test } from 'vitest';
import { ImatWorker } from '../../workers/worker.ts';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import {
  createRole,
  inPreparedSandbox,
  inSandbox,
  type Sandbox,
} from '../engine/commands/support/sandbox.ts';

async function workUntil(url: string, done: () => Promise<boolean>): Promise<string[]> {
  const lines: string[] = [];
  const worker = new ImatWorker({
    targets: [{ kind: 'url', url }],
    queue: null,
    policy: { ...DEFAULT_POLICY, tickMs: 20, upkeepMs: 1 },
    version: 'test',
    logLevel: 'info',
    writeLog: (line) => lines.push(line),
    http: null,
  });
  await worker.start();
  try {
    await expect.poll(done, { timeout: 120_000, interval: 50 }).toBe(true);
  } finally {
    await worker.stop();
  }
  return lines.filter((line) => line.includes('upkeep failed'));
}

const counters = (world: Sandbox): Promise<string> =>
  world.value('SELECT count(*) FROM imat_catalog.change_count');

test('a worker folds counters of intervals that have ended', async () => {
  await inPreparedSandbox('CREATE TABLE t (id int)', async (world) => {
    await world.imat.init();
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t']);
    await world.sql('INSERT INTO t VALUES (1)');
    await accounting.setMark('g', 'm');
    await world.sql('DELETE FROM t');
    expect(await counters(world)).toBe('2');
    expect(await workUntil(world.url, async () => (await counters(world)) === '1')).toEqual([]);
    const { rows } = await accounting.statistics('g', { from: null, to: null, by: 'mark' });
    expect(rows.map((row) => row.rows)).toEqual([1, 1]);
  });
});

test('a worker of a role that counts nothing has nothing to complain of', async () => {
  await inSandbox('CREATE TABLE t (id int)', async (world) => {
    const role = await createRole(world);
    await world.sql(`ALTER DATABASE ${new URL(world.url).pathname.slice(1)} OWNER TO ${role};
      GRANT CREATE ON SCHEMA public TO ${role}`);
    const owner = await world.session(role);
    await owner.imat.init();
    const address = new URL(world.url);
    address.username = role;
    const seen = async (): Promise<boolean> =>
      (await world.value('SELECT count(*) FROM imat_catalog.worker')) !== '0';
    expect(await workUntil(address.href, seen)).toEqual([]);
    await world.sql(`ALTER DATABASE ${address.pathname.slice(1)} OWNER TO CURRENT_USER;
      DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});
