import { describe, expect, test } from 'vitest';
import { durationText } from '../../engine/durations.ts';
import { runFake } from './fake-host.ts';

describe('imat worker refuses', () => {
  test.each([
    [['--tick', '5'], '"5" is not a valid value for --tick', 'Write a number and a unit'],
    [['--tick', '1ms'], '"1ms" is not a valid value for --tick', 'from 10ms to 1h'],
    [['--concurrency', '0'], '"0" is not a valid value for --concurrency', 'from 1 to 256'],
    [['--queue', 'http://x:secret@y'], '--queue is not a URL of Redis or PostgreSQL', 'redis://'],
    [
      ['--log-level', 'inof'],
      '"inof" is not a valid value for --log-level',
      'Did you mean "info"?',
    ],
    [
      ['postgres://a@b/c', 'postgres://a@b/c'],
      'the same database is given twice',
      'Give each database once.',
    ],
    [['mysql://a@b/c'], 'the argument is not a PostgreSQL URL', 'postgres://'],
    [
      ['postgres://a@b/c', '--database-url', 'postgres://a@b/d'],
      'cannot be used together',
      'Give all databases as arguments.',
    ],
    [
      ['--embedded', 'dir', '--queue', 'redis://x'],
      '--queue and --embedded cannot be used together',
      'Leave --queue out.',
    ],
    [['--http', 'nowhere'], '"nowhere" is not an address for --http', 'host:port'],
    [['--once', '--http', 'nowhere'], '"nowhere" is not an address for --http', 'host:port'],
    [['--once', '--queue', 'http://x'], '--queue is not a URL of Redis or PostgreSQL', 'redis://'],
  ])('%j', async (argv, message, help) => {
    const { status, stderr, stdout } = await runFake(['worker', ...argv]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(help);
    expect(stderr).not.toContain('secret');
  });

  test('a queue that the environment names, by its name', async () => {
    const environment = { DATABASE_URL: 'postgres://a@b/c', IMAT_QUEUE_URL: 'http://x:secret@y' };
    const { status, stderr } = await runFake(['worker'], { environment });
    expect(status).toBe(2);
    expect(stderr).toContain('IMAT_QUEUE_URL is not a URL of Redis or PostgreSQL');
    expect(stderr).not.toMatch(/secret|--queue/);
  });

  test('a place without a database', async () => {
    const { status, stderr } = await runFake(['worker'], { environment: {} });
    expect(status).toBe(2);
    expect(stderr).toContain('no database given');
  });
});

test('its help names every bound with its default', async () => {
  const { stdout } = await runFake(['worker', '--help']);
  for (const bound of ['500ms', '5s', '10000', '1s', '1h', '30s', '1d', '15s'])
    expect(stdout).toContain(`default: ${bound}`);
});

test('durations are shown in the unit that fits', () => {
  expect([500, 1000, 90_000, 600_000, 86_400_000, 1500].map(durationText)).toEqual([
    '500ms',
    '1s',
    '90s',
    '10min',
    '1d',
    '1500ms',
  ]);
});

describe('imat schedule', () => {
  test('wants to know by what', async () => {
    const { status, stderr } = await runFake(['schedule']);
    expect(status).toBe(2);
    expect(stderr).toContain('imat schedule --pg-cron');
  });

  test('prints the statements, for people and as JSON', async () => {
    const result = { statements: ['SELECT 1', 'SELECT 2'], dryRun: true };
    const imat = { schedule: async () => result };
    expect((await runFake(['schedule', '--pg-cron', '--dry-run'], { imat })).stdout).toBe(
      'Would run:\nSELECT 1;\nSELECT 2;\n',
    );
    expect(
      JSON.parse(
        (await runFake(['schedule', '--pg-cron', '--dry-run', '--json'], { imat })).stdout,
      ),
    ).toEqual(result);
  });

  test('takes seconds from 1 to 59', async () => {
    expect((await runFake(['schedule', '--pg-cron', '--every', '60'])).stderr).toContain(
      'from 1 to 59',
    );
  });
});
