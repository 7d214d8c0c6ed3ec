/** `channel_binding=require` at a server with TLS, as Neon's URLs have it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { findPostgres } from '../../../tools/find-postgres.mjs';
import { initialize, type PostgresServer, startPostgres } from '../../../tools/postgres.ts';

const PASSWORD = 'sesame-42';
/** Each role logs in as its name says. */
const HBA = `
hostssl all scram_role 127.0.0.1/32 scram-sha-256
hostssl all clear_role 127.0.0.1/32 password
host all all 127.0.0.1/32 trust
`;

let server: PostgresServer;
beforeAll(async () => {
  const bin = findPostgres()?.bin ?? '';
  server = await startPostgres({
    settings: { ssl: 'on', password_encryption: 'scram-sha-256' },
    makeData: (data) => {
      initialize(bin, data);
      const [key, certificate] = ['server.key', 'server.crt'].map((name) => join(data, name));
      const request = ['req', '-new', '-x509', '-days', '2', '-nodes', '-subj', '/CN=localhost'];
      const files = ['-newkey', 'rsa:2048', '-keyout', key ?? '', '-out', certificate ?? ''];
      execFileSync('openssl', [...request, ...files], { stdio: 'pipe' });
      chmodSync(key ?? '', 0o600);
      writeFileSync(join(data, 'pg_hba.conf'), HBA);
    },
  });
  const admin = await connectDb({ kind: 'url', url: server.url });
  for (const role of ['scram_role', 'clear_role'])
    await admin.execute(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
  await admin.close();
}, 60_000);
afterAll(() => server.stop());

const open = async (role: string, search: string, password = PASSWORD): Promise<string> => {
  const url = new URL(server.url);
  [url.username, url.password, url.search] = [role, password, search];
  const db = await connectDb({ kind: 'url', url: url.href });
  const [row] = await db.query<{ role: string }>('SELECT current_user AS role');
  await db.close();
  return row?.role ?? '';
};

const REQUIRED = 'sslmode=require&channel_binding=require';

test('SCRAM over TLS is bound to the connection', async () => {
  expect(await open('scram_role', REQUIRED)).toBe('scram_role');
  expect(await open('scram_role', 'sslmode=require')).toBe('scram_role');
  await expect(open('scram_role', REQUIRED, 'wrong')).rejects.toMatchObject({
    condition: 'connection_refused',
    detail: 'Password authentication failed for user "scram_role".',
  });
});

test.each([
  ['a password in the clear', 'clear_role', REQUIRED],
  ['no password', 'postgres', REQUIRED],
  ['no TLS', 'postgres', 'sslmode=disable&channel_binding=require'],
])('%s is refused', async (_what, role, search) => {
  await expect(open(role, search)).rejects.toMatchObject({
    condition: 'connection_refused',
    message: 'the server did not offer channel binding, which channel_binding=require asks for',
  });
});
