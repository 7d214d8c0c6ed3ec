/**
 * What a server says about itself when the extension is to be installed: where it runs, its
 * directories, what it loads at its start.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExtensionPreload } from '../environment-api.ts';
import type { Db } from '../db/db.ts';
import { EXTENSION } from '../sql/names.ts';
import { literal } from '../sql/sql.ts';

const PARAMETER = 'shared_preload_libraries';

/** The server's own directories, as its pg_config would print them. */
export type ServerDirectories = {
  readonly bin: string;
  readonly library: string;
  readonly share: string;
};

export type ServerPlace =
  /**
   * On this machine, which is proved; or its address is this machine's and its data directory is
   * not to be read.
   */
  | { readonly where: 'here' | 'perhaps'; readonly directories: ServerDirectories }
  | { readonly where: 'elsewhere' }
  /** The address is this machine's, and the role may not ask for more. */
  | { readonly where: 'unprivileged' };

/**
 * An address alone proves nothing: behind 127.0.0.1 may be a tunnel or a container. The server's
 * lock file does, where it has the same content when this process reads it as when the server does.
 */
export async function locateServer(db: Db): Promise<ServerPlace> {
  const [row] = await db.query<{ superuser: boolean; near: boolean }>(
    `SELECT current_setting('is_superuser') = 'on' AS superuser,
       a.server IS NULL OR a.server <<= '127.0.0.0/8' OR a.server = '::1'
         OR a.server = inet_client_addr() AS near
     FROM (SELECT inet_server_addr()) AS a (server)`,
  );
  if (row?.superuser !== true) return { where: row?.near === true ? 'unprivileged' : 'elsewhere' };
  const [server] = await db.query<{
    data: string;
    lock: string | null;
    bin: string;
    library: string;
    share: string;
  }>(
    `SELECT current_setting('data_directory') AS data,
       pg_read_file('postmaster.pid', 0, 10000, true) AS lock,
       min(setting) FILTER (WHERE name = 'BINDIR') AS bin,
       min(setting) FILTER (WHERE name = 'PKGLIBDIR') AS library,
       min(setting) FILTER (WHERE name = 'SHAREDIR') AS share
     FROM pg_config()`,
  );
  if (server === undefined) return { where: 'elsewhere' };
  const { data, lock, ...directories } = server;
  const own = await lockFile(data);
  if (own === 'hidden')
    return row.near ? { where: 'perhaps', directories } : { where: 'elsewhere' };
  return own !== null && own === lock ? { where: 'here', directories } : { where: 'elsewhere' };
}

/** Its text, null where there is none, `hidden` where this process may not look. */
async function lockFile(data: string): Promise<string | null> {
  try {
    return await readFile(join(data, 'postmaster.pid'), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? 'hidden' : null;
  }
}

type Setting = {
  /**
   * What the server was started with, and what its files say now; null where this role may not see
   * it.
   */
  readonly running: string | null;
  readonly written: string | null;
  readonly source: string | null;
  readonly file: string | null;
};

export async function askPreload(db: Db, loaded: boolean): Promise<ExtensionPreload> {
  const setting = await askSetting(db);
  const current = setting.written ?? setting.running;
  const libraries = librariesOf(current ?? '');
  const wanted = libraries.some(isExtension) ? libraries : [...libraries, EXTENSION];
  const running = loaded || librariesOf(setting.running ?? '').some(isExtension);
  const state = running ? 'loaded' : libraries.some(isExtension) ? 'restart' : 'missing';
  return {
    state,
    line: `${PARAMETER} = ${literal(wanted.join(', ')).text}`,
    file: setting.file,
    note: state === 'missing' ? noteOn(setting, wanted) : null,
  };
}

async function askSetting(db: Db): Promise<Setting> {
  // The view of the files reads them anew; only superusers and whom they grant it may ask.
  const [row] = await db.query<{
    running: string | null;
    source: string | null;
    sourcefile: string | null;
    config: string | null;
    files: boolean;
  }>(
    `SELECT s.setting AS running, s.source, s.sourcefile,
       (SELECT c.setting FROM pg_settings c WHERE c.name = 'config_file') AS config,
       has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS files
     FROM (VALUES ($1)) AS wanted (name) LEFT JOIN pg_settings s USING (name)`,
    [PARAMETER],
  );
  const [file] =
    row?.files === true
      ? await db.query<{ setting: string; sourcefile: string }>(
          `SELECT setting, sourcefile FROM pg_show_all_file_settings()
           WHERE name = $1 ORDER BY seqno DESC LIMIT 1`,
          [PARAMETER],
        )
      : [];
  const byCommandLine = row?.source === 'command line';
  return {
    running: row?.running ?? null,
    written: byCommandLine ? null : (file?.setting ?? null),
    source: row?.source ?? null,
    file: file?.sourcefile ?? row?.sourcefile ?? row?.config ?? null,
  };
}

/** As they are written: names with commas or spaces are quoted. */
function librariesOf(setting: string): string[] {
  return [...setting.matchAll(/\s*("(?:[^"]|"")*"|[^,]+)\s*(?:,|$)/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((name) => name !== '');
}

/** The server takes a name with its directory or suffix for the same library. */
function isExtension(library: string): boolean {
  return basename(unquoted(library)).replace(/\.\w+$/, '') === EXTENSION;
}

function unquoted(name: string): string {
  return /^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function noteOn({ running, source, file }: Setting, wanted: readonly string[]): string | null {
  if (running === null)
    return (
      'This role may not see which libraries are in that line already: keep them, separated by ' +
      'commas.'
    );
  if (source === 'command line')
    return (
      'The server was started with this setting on its command line, which comes before the ' +
      "file's: change it there."
    );
  if (file?.endsWith('postgresql.auto.conf') === true) {
    const list = wanted.map((name) => literal(unquoted(name)).text).join(', ');
    return (
      'ALTER SYSTEM has set it in that file, which comes before postgresql.conf: ALTER SYSTEM ' +
      `SET ${PARAMETER} = ${list}.`
    );
  }
  return null;
}
