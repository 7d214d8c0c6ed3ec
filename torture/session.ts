/** A user's session that is traced, and opened again when it was ended. */
import pg from 'pg';
import type { Trace } from './trace.ts';

export type ServerFault = {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
  readonly where: string;
  readonly schema: string;
  readonly table: string;
};

export function asFault(error: unknown): ServerFault {
  const given = (error ?? {}) as Record<string, unknown>;
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  return {
    code: text('code'),
    message: error instanceof Error ? error.message : String(error),
    detail: text('detail'),
    where: text('where'),
    schema: text('schema'),
    table: text('table'),
  };
}

const LOST = /^(?:57P0[0-9]|08...|E[A-Z]+)$/;
const LOST_MESSAGE = /connection (?:terminated|error)|not queryable|Connection ended/i;

/** Whether the session is gone, or the server is not there. */
export const isLost = ({ code, message }: ServerFault): boolean =>
  LOST.test(code) || LOST_MESSAGE.test(message);

export class Session {
  readonly name: string;
  pid = 0;
  readonly #url: string;
  readonly #trace: Trace | null;
  readonly #pids: Set<number> | null;
  #client: pg.Client | null = null;

  /** @param pids where its process ids are noted */
  constructor(name: string, url: string, trace: Trace | null, pids: Set<number> | null = null) {
    this.name = name;
    this.#url = url;
    this.#trace = trace;
    this.#pids = pids;
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: this.name,
      types: { getTypeParser: () => (value: string) => value },
    });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(
      `SET lock_timeout = '10s'; SET statement_timeout = '60s'; SET timezone = 'Europe/Berlin'`,
    );
    const found = await client.query<{ pid: string }>('SELECT pg_backend_pid() AS pid');
    this.pid = Number(found.rows[0]?.pid);
    this.#pids?.add(this.pid);
    return (this.#client = client);
  }

  /** Runs statements of one text and gives the rows of the last. Throws what the server says. */
  async sql(text: string, traced = true): Promise<Record<string, string | null>[]> {
    const client = await this.#connected();
    const step = traced ? this.#trace?.begin(this.name, text) : undefined;
    try {
      const found: pg.QueryResult | pg.QueryResult[] = await client.query(text);
      step?.end('ok');
      return (Array.isArray(found) ? found.at(-1)?.rows : found.rows) ?? [];
    } catch (error) {
      const fault = asFault(error);
      step?.end(`${fault.code} ${fault.message}`);
      if (isLost(fault)) await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }
}
