/**
 * A copy of an installed server that does not have the extension, for the tests of `imat extension
 * install`.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { connect, type ExtensionOptions, type ExtensionResult } from '../../../engine/index.ts';
import { copyInstalled } from '../../../tools/extension.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { connectTo } from '../server.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const NAME = 'table_change_tracker';
/** The control file of imat's own extension. */
export const CONTROL = join(ROOT, 'extension', `${NAME}.control`);

type Headers = Readonly<Record<'--pkgincludedir' | '--includedir-server', string>>;
type Copy = NonNullable<ReturnType<typeof copyInstalled>>;

export class Installation {
  /** A directory that every user may reach; the copy is below it. */
  readonly place: string;
  readonly copy: Copy;
  readonly temporary: string;
  /** The directory of control files and scripts. */
  readonly scripts: string;
  readonly files: { readonly control: string; readonly script: string; readonly library: string };
  #running: { readonly server: PostgresServer; readonly db: Db } | null = null;

  constructor(place: string, copy: Copy) {
    this.place = place;
    this.temporary = join(place, 'temporary');
    this.copy = copy;
    this.scripts = join(copy.share, 'extension');
    this.files = {
      control: join(this.scripts, `${NAME}.control`),
      script: join(this.scripts, `${NAME}--1.0.sql`),
      library: join(copy.library, `${NAME}.so`),
    };
  }

  get server(): PostgresServer {
    return this.#both().server;
  }

  /** A session of a superuser in the database postgres. */
  get db(): Db {
    return this.#both().db;
  }

  #both(): { readonly server: PostgresServer; readonly db: Db } {
    if (this.#running === null) throw new Error('the server is started before the first test');
    return this.#running;
  }

  async start(): Promise<void> {
    const server = await startPostgres({ binaries: this.copy });
    this.#running = { server, db: await connectTo(server) };
  }

  async restart(options?: Parameters<PostgresServer['restart']>[1]): Promise<void> {
    const { server, db } = this.#both();
    await db.close();
    await server.restart('fast', options);
    this.#running = { server, db: await connectTo(server) };
  }

  async stop(): Promise<void> {
    await this.#running?.db.close();
    await this.#running?.server.stop();
  }

  urlOf(database: string, user = 'postgres'): string {
    const url = new URL(this.server.url);
    url.pathname = `/${database}`;
    url.username = user;
    return url.href;
  }

  async install(url = this.server.url, options: ExtensionOptions = {}): Promise<ExtensionResult> {
    const imat = await connect(url);
    try {
      return await imat.installExtension(options);
    } finally {
      await imat.close();
    }
  }

  /** Which of the extension's files the server has. */
  present(): string[] {
    return Object.values(this.files).filter((file) => existsSync(file));
  }

  /** The directories of builds that have not been removed. */
  builds(): string[] {
    return readdirSync(this.temporary).filter((name) => name.startsWith('imat-extension-'));
  }

  /** While `body` runs, these files have these contents. */
  async withFiles(
    written: Readonly<Record<string, string | Buffer>>,
    body: () => Promise<void>,
  ): Promise<void> {
    for (const [file, text] of Object.entries(written)) writeFileSync(file, text);
    try {
      await body();
    } finally {
      for (const file of Object.keys(written)) rmSync(file);
    }
  }

  /** While `body` runs, `make` is this shell script. */
  async withMake(script: string, body: () => Promise<void>): Promise<void> {
    const tools = mkdtempSync(join(this.place, 'tools-'));
    writeFileSync(join(tools, 'make'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${tools}:${path}`;
    try {
      await body();
    } finally {
      process.env['PATH'] = path;
    }
  }

  /** A pg_config that answers as that of the copy does, but for these questions. */
  pgConfig(answers: Readonly<Record<string, string>>): string {
    const file = join(mkdtempSync(join(this.place, 'pg-config-')), 'pg_config');
    const cases = Object.entries(answers).map(
      ([option, answer]) => `${option}) echo '${answer}';;`,
    );
    writeFileSync(
      file,
      `#!/bin/sh
for option; do
  case $option in ${cases.join(' ')} *) '${this.copy.bin}/pg_config' "$option";; esac
done
`,
      { mode: 0o755 },
    );
    return file;
  }

  /** The server's headers, but for these: what a pg_config of theirs answers. */
  headers(changed: (original: string) => Readonly<Record<string, string>>): Headers {
    const [parent, original] = ['--pkgincludedir', '--includedir-server'].map((option) =>
      execFileSync(join(this.copy.bin, 'pg_config'), [option], { encoding: 'utf8' }).trim(),
    ) as [string, string];
    const ours = mkdtempSync(join(this.place, 'headers-'));
    const directory = join(ours, relative(parent, original));
    mkdirSync(directory, { recursive: true });
    const texts = changed(original);
    for (const name of readdirSync(original))
      if (texts[name] === undefined) symlinkSync(join(original, name), join(directory, name));
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text);
    return { '--pkgincludedir': ours, '--includedir-server': directory };
  }

  /**
   * Headers of the server's version, but for an inline function that calls what the server has not
   * got.
   */
  headersThatAskTooMuch(): Headers {
    return this.headers((original) => ({
      'postgres.h': `#include "${original}/postgres.h"
extern int server_lacks_this(int);
static inline int inline_function(int n) { return server_lacks_this(n); }
static int (*caller)(int) __attribute__((used)) = inline_function;
`,
    }));
  }

  /** A library that is whole but for one symbol, which no server has. */
  libraryThatDoesNotLoad(): Buffer {
    const directory = mkdtempSync(join(this.place, 'library-'));
    const source = join(directory, 'library.c');
    const library = join(directory, 'library.so');
    writeFileSync(
      source,
      '#include "postgres.h"\n#include "fmgr.h"\nPG_MODULE_MAGIC;\nvoid ' +
        '_PG_init(void);\nvoid _PG_init(void) {}\n',
    );
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      `-I${this.headersThatAskTooMuch()['--includedir-server']}`,
      '-o',
      library,
      source,
    ]);
    return readFileSync(library);
  }

  /** One that does, and has no functions. */
  libraryThatLoads(): Buffer {
    return readFileSync(join(this.copy.library, 'plpgsql.so'));
  }
}

/**
 * One for the tests of a file, started before them; null where no server with its headers is
 * installed.
 */
export function useInstallation(): Installation | null {
  const place = mkdtempSync(join(tmpdir(), 'imat-install-'));
  chmodSync(place, 0o755);
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  const copy = copyInstalled(place);
  if (copy === null) return null;
  const installation = new Installation(place, copy);
  beforeAll(() => installation.start());
  afterAll(() => installation.stop());
  useTemporary(installation.temporary);
  return installation;
}

/**
 * The directory for temporary files is this one while the tests run, so that no other process puts
 * its own there.
 */
function useTemporary(directory: string): void {
  const before = process.env['TMPDIR'];
  beforeAll(() => {
    mkdirSync(directory);
    chmodSync(directory, 0o1777);
    process.env['TMPDIR'] = directory;
  });
  afterAll(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
}
