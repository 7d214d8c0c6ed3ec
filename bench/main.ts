/**
 * `npm run bench`: measures what imat costs and saves. Every figure is the median of interleaved
 * runs (A B A B ...; or A and B side by side, on servers of their own), judged as a ratio; a missed
 * bar does not fail the run, an error does.
 */
import { cpus, loadavg } from 'node:os';
import { createDatabases, withDb } from './databases.ts';
import { chooseGenerator } from './load.ts';
import { CannotRun } from './measure.ts';
import { MEASURES } from './measures/all.ts';
import { type Options, readOptions } from './options.ts';
import { heading, MARKDOWN_HEADING, renderMarkdown, renderResult } from './report.ts';
import type { Result } from './result.ts';
import { openServer, type Server } from './server.ts';

/** Where and how it was measured. */
type Setting = {
  readonly server: string;
  readonly generator: string;
  readonly scale: Options['scale'];
  readonly cores: number;
  /** Of the last minute, before and after. */
  readonly loadAverage: number[];
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), MEASURES);
  const server = await openServer(options.databaseUrl);
  // The server of its own is ended by the exit; databases on another one go when the next bench
  // starts.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  try {
    await measure(server, options);
  } finally {
    await server.stop();
  }
}

async function measure(server: Server, options: Options): Promise<void> {
  const { scale, format } = options;
  const generator = chooseGenerator(server.pgbench);
  const setting: Setting = {
    server: await describeServer(server),
    generator: generator.name,
    scale,
    cores: cpus().length,
    loadAverage: [currentLoad()],
  };
  say(
    `${setting.server}\nload: ${setting.generator}\n` +
      `${setting.cores} cores, load average ${setting.loadAverage[0]}`,
  );
  const databases = await createDatabases(server.url, scale, (label) => say(`preparing: ${label}`));
  if (!databases.hasPgIvm) say('pg_ivm: not on this server');
  const results: Result[] = [];
  const notMeasured: { name: string; reason: string }[] = [];
  const show = { text: renderResult, markdown: renderMarkdown, json: null }[format];
  if (format !== 'json') console.log(format === 'text' ? heading() : MARKDOWN_HEADING);
  const report = (result: Result): void => {
    results.push(result);
    if (show !== null) console.log(show(result));
  };
  try {
    for (const { name, title, run } of options.measures) {
      say(`measuring: ${title}`);
      try {
        await run({ databases, scale, generator, cpuSeconds: server.cpuSeconds, report });
      } catch (error) {
        if (!(error instanceof CannotRun)) throw error;
        notMeasured.push({ name, reason: error.message });
        say(`cannot be measured here: ${name}: ${error.message}`);
      }
    }
  } finally {
    await databases.drop();
  }
  setting.loadAverage.push(currentLoad());
  const missed = results.filter(({ ok }) => ok === false).length;
  const judged = results.filter(({ ok }) => ok !== null).length;
  say(`load average at the end ${setting.loadAverage[1]}; ${missed} of ${judged} bars missed`);
  if (format === 'json') console.log(JSON.stringify({ setting, results, notMeasured }, null, 2));
}

async function describeServer({ url, origin }: Server): Promise<string> {
  const [row] = await withDb(url, (db) =>
    db.query<{ version: string }>("SELECT current_setting('server_version') AS version"),
  );
  return `PostgreSQL ${row?.version ?? ''} (${origin})`;
}

const currentLoad = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
