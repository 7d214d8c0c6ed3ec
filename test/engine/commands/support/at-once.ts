import { execFileSync } from 'node:child_process';

const SCRIPT = `import pg from 'pg';
const [url, statement] = process.argv.slice(1);
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query("SET lock_timeout = '20s'");
await client.query(statement);
await client.end();`;

/**
 * Runs a statement in a process of its own while this one stands still, so that no call under test
 * gets ahead of it. A report of progress is the place for it.
 */
export function sqlAtOnce(url: string, statement: string): void {
  execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, url, statement], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}
