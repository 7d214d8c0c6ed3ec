import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import { identifyProcess } from '../../engine/db/process-identity.ts';
import { findPostgres } from '../../tools/find-postgres.mjs';
import { startPostgres } from '../../tools/postgres.ts';

// With Docker or a server of one's own, the machine may have no binaries.
const withBinaries = test.skipIf(findPostgres() === null);

withBinaries(
  'a server has the settings that were asked for, and leaves nothing behind',
  async () => {
    const server = await startPostgres({ settings: { fsync: 'on', max_connections: 20 } });
    const db = await connectDb({ kind: 'url', url: server.url });
    const rows = await db.query(
      `SELECT name, setting
       FROM pg_settings
       WHERE name IN ('fsync', 'max_connections', 'wal_level')
       ORDER BY name`,
    );
    expect(rows).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'max_connections', setting: '20' },
      { name: 'wal_level', setting: 'logical' },
    ]);
    await db.close();
    await server.stop();
    expect(existsSync(server.directory)).toBe(false);
    await expect(connectDb({ kind: 'url', url: server.url })).rejects.toMatchObject({
      condition: 'connection_failed',
    });
  },
);

withBinaries('a server that does not start says why', async () => {
  await expect(startPostgres({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
    /shared_buffers.*plenty/,
  );
});

withBinaries('what a killed run left behind is ended and removed by the next', async () => {
  const left = await startPostgres();
  writeFileSync(
    join(left.directory, 'owner.json'),
    JSON.stringify({ ...identifyProcess(process.pid), started: '1' }),
  );
  const next = await startPostgres();
  expect(existsSync(left.directory)).toBe(false);
  await expect(connectDb({ kind: 'url', url: left.url })).rejects.toMatchObject({
    condition: 'connection_failed',
  });
  await left.stop();
  await next.stop();
});
