/** The program as a process: connections, signals, pipes, the environment. */
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { useDatabase } from '../setup/database.ts';
import { runCli, startCli, useBuiltCli } from './built-cli.ts';

useBuiltCli();
const database = useDatabase();
let db: Db;

beforeAll(async () => {
  db = await database.connect();
});

/** A server that asks for the password and refuses whatever it gets. */
async function refusingServer(): Promise<{ readonly port: number; close(): void }> {
  const refusal = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed for user "me"\0\0');
  const server = createServer((socket) => {
    let started = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (started) socket.end(Buffer.concat([Buffer.from('E'), lengthOf(refusal), refusal]));
      // 80877103 asks for TLS; anything else of this form is the startup message.
      else if (data.readInt32BE(4) === 80_877_103) socket.write('N');
      else {
        started = true;
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { port: address.port, close: () => server.close() };
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length + 4);
  return length;
}

describe('the connection', () => {
  test('a refused one ends with 4 and says what to check', async () => {
    const environment = { DATABASE_URL: 'postgres://me:s3cret@127.0.0.1:1/shop' };
    const people = await runCli(['list'], { environment });
    expect([people.status, people.stdout]).toEqual([4, '']);
    expect(people.stderr).toMatch(
      /^imat: could not connect to the server at 127\.0\.0\.1:1: connection refused\nHINT: /,
    );
    const program = await runCli(['list', '--json'], { environment });
    expect([program.status, program.stderr]).toEqual([4, '']);
    expect(JSON.parse(program.stdout)).toMatchObject({ error: { code: 'IM015', position: null } });
  });

  test.each([{}, { IMAT_DEBUG: '1' }])('a wrong password is never printed (%j)', async (debug) => {
    const server = await refusingServer();
    const url = `postgres://me:s3cret@127.0.0.1:${server.port}/shop`;
    try {
      for (const [argv, environment] of [
        [['list', '--database-url', url], {}],
        [['list', '--json'], { DATABASE_URL: url }],
        [
          ['doctor'],
          {
            PGHOST: '127.0.0.1',
            PGPORT: String(server.port),
            PGUSER: 'me',
            PGDATABASE: 'shop',
            PGPASSWORD: 's3cret',
          },
        ],
      ] as const) {
        const { status, stdout, stderr } = await runCli(argv, {
          environment: { ...debug, ...environment },
        });
        expect(status).toBe(2);
        expect(stdout + stderr).toContain('assword authentication failed');
        expect(stdout + stderr).not.toContain('s3cret');
      }
    } finally {
      server.close();
    }
  });

  test('the PG* variables are enough', async () => {
    const url = new URL(database.url);
    const environment = {
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: url.username,
      PGDATABASE: url.pathname.slice(1),
      PGPASSWORD: url.password,
    };
    const { status, stderr } = await runCli(['init'], { environment });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('an embedded directory keeps what is made in it, for one process at a time', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'imat-cli-')), 'data');
    const made = await runCli([
      'create',
      'one',
      '--query',
      'SELECT 1 AS one',
      '--json',
      '--embedded',
      directory,
    ]);
    expect([made.status, made.stderr]).toEqual([0, '']);
    const [first, second] = await Promise.all(
      [1, 2].map(() => runCli(['list', '--json', '--embedded', directory])),
    );
    expect(new Set([first?.status, second?.status])).toEqual(new Set([0, 4]));
    const [listed, refused] = first?.status === 0 ? [first, second] : [second, first];
    expect(JSON.parse(listed?.stdout ?? '')).toMatchObject({ imats: [{ name: 'one' }] });
    expect(JSON.parse(refused?.stdout ?? '')).toMatchObject({ error: { code: 'IM014' } });
  });
});

describe('Ctrl-C amid a long convert', () => {
  /** Waits for a session that runs the slow function. */
  async function untilLoading(): Promise<void> {
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; ) {
      const [row] = await db.query<{ loading: boolean }>(
        `SELECT count(*) > 0 AS loading
         FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'PgSleep'`,
      );
      if (row?.loading === true) return;
      await sleep(50);
    }
    throw new Error('the load has not begun');
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s stops it long before it would be done, and nothing is left',
    async (signal, expected) => {
      await db.execute(`
      CREATE TABLE IF NOT EXISTS public.numbers AS SELECT n FROM generate_series(1, 1000) AS n;
      CREATE OR REPLACE FUNCTION public.slowly(n int) RETURNS int
      LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_sleep(10); RETURN n; END $$;
      CREATE MATERIALIZED VIEW IF NOT EXISTS public.slow AS
      SELECT n, public.slowly(n) AS again FROM public.numbers WITH NO DATA`);
      const running = startCli(['convert', 'slow'], {
        environment: { DATABASE_URL: database.url },
      });
      await untilLoading();
      running.signal(signal);
      const { status, stdout, stderr } = await running.ended;
      expect([status, stdout]).toEqual([expected, '']);
      expect(stderr).toMatch(/^imat: interrupted; undoing unfinished work .*\nimat: .*\n/);
      expect(
        await db.query(
          'SELECT relname FROM pg_class WHERE relnamespace = ' +
            "'imat_store'::regnamespace AND relkind IN ('r', 'v') AND relname <> 'reset'",
        ),
      ).toEqual([]);
      expect(
        await db.query(`SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.numbers'::regclass`),
      ).toEqual([]);
      const { stdout: listed } = await runCli(['list', '--json'], {
        environment: { DATABASE_URL: database.url },
      });
      expect(JSON.parse(listed)).toEqual({ imats: [] });
    },
  );
});

describe('pipes', () => {
  test.each([[['--help']], [['doctor']], [['demo', '--rows', '2000']]])(
    '%j into a reader that leaves is no error',
    async (argv) => {
      const { status, stdout, stderr } = await runCli(argv, {
        environment: { DATABASE_URL: database.url },
        pipedTo: 'head -c 20',
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toHaveLength(20);
    },
  );

  test('a reader that was never there is no error either', async () => {
    const { status, stderr } = await runCli(['--help'], { pipedTo: 'true' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
