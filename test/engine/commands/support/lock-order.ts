/**
 * Finds commands that wait for one of a user's relations while they have a lock on another one.
 * Before each statement of a command, another transaction locks a relation if it can. If the
 * command waits for that, the transaction goes on to what the command has locked, as a migration
 * may do, and DROP ... CASCADE does with the views over a table.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, ServerError } from '../../../../engine/db/db.ts';
import { outcomeOf, type Session, type World } from './world.ts';

/** A statement that makes somebody else the victim of a deadlock, and what was locked then. */
export type Victim = { readonly statement: string; readonly locked: readonly string[] };

type Begun<T> = { readonly isLocked: boolean; readonly running: Promise<T> };

/**
 * PostgreSQL's default. A command gives up what it has after 50 ms, an event trigger of imat after
 * 200 ms, and a busy machine lets them know late.
 */
const PATIENCE = '1s';
/** Whoever gives up a wait within this time waits for nobody. */
const MOMENT_MS = 15;
/** What does not wait by then tries again and again. */
const WATCHED_MS = 500;
/** Longer, so that a deadlock is found before. */
const GIVES_UP = '1500ms';

/** A command tries again what it does not wait for. */
const TIMES_MOST = 2;

/** A user's relations, and imat's views over them: what a migration may lock. */
const LOCKED_SQL = (pid: number, target: string): string => `
SELECT DISTINCT c.oid::regclass::text AS name
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = ${pid} AND l.granted AND c.oid <> '${target}'::regclass
  AND (c.relnamespace::regnamespace::text IN ('public', 'imat')
      AND c.relkind IN ('r', 'p', 'v', 'm')
    OR c.relkind = 'v' AND c.relnamespace = 'imat_store'::regnamespace)
ORDER BY 1`;

export class LockOrder {
  readonly #world: World;
  readonly #holder: Session;
  readonly #seen = new Map<string, number>();
  readonly #victims: Victim[] = [];
  #target = '';
  #waits = 0;
  #turn: Promise<void> = Promise.resolve();

  private constructor(world: World, holder: Session) {
    this.#world = world;
    this.#holder = holder;
  }

  /** The check of the sessions that are opened later never saves the user. */
  static async create(world: World): Promise<LockOrder> {
    const database = new URL(world.url).pathname.slice(1);
    await world.sql(`ALTER DATABASE ${database} SET deadlock_timeout = '1h'`);
    const holder = await world.session();
    // What imat itself locks when a relation is renamed is not what is looked for.
    await holder.sql(`SET deadlock_timeout = '${PATIENCE}'; SET imat.maintaining = on`);
    return new LockOrder(world, holder);
  }

  get waits(): number {
    return this.#waits;
  }

  /** From now on the relation that is locked. */
  lock(target: string): void {
    this.#target = target;
    this.#seen.clear();
  }

  /** What was found since the last call. */
  async victims(): Promise<Victim[]> {
    await this.#turn;
    return this.#victims.splice(0);
  }

  /** The same session; the relation is locked before its statements. */
  async watched(db: Db): Promise<Db> {
    const [row] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const run = <T>(statement: string, start: () => Promise<T>): Promise<T> =>
      this.#run(row?.pid ?? 0, statement, start);
    return new Proxy(db, {
      get(target, name) {
        if (name === 'query')
          return (sql: string, params?: readonly unknown[]) =>
            run(`${sql} ${JSON.stringify(params ?? [])}`, () => target.query(sql, params));
        if (name === 'execute') return (sql: string) => run(sql, () => target.execute(sql));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Sessions take turns: one statement is begun and looked at after the other. */
  async #run<T>(pid: number, statement: string, start: () => Promise<T>): Promise<T> {
    // What was locked is given up before anything else.
    if (/^ROLLBACK\b/.test(statement)) return start();
    const begin = async (before: Promise<void>): Promise<Begun<T>> => {
      await before;
      const isLocked = await this.#lock(statement);
      return { isLocked, running: start() };
    };
    const end = async (begun: Promise<Begun<T>>): Promise<void> => {
      const { isLocked, running } = await begun;
      if (!isLocked) return;
      await this.#watch(pid, statement, running);
      await this.#holder.sql('ROLLBACK');
    };
    const begun = begin(this.#turn);
    this.#turn = end(begun);
    return (await begun).running;
  }

  async #lock(statement: string): Promise<boolean> {
    const times = this.#seen.get(statement) ?? 0;
    if (times >= TIMES_MOST) return false;
    const lock = `BEGIN; SET LOCAL lock_timeout = '1ms'; ${await this.#lockSql(this.#target)};
      SET LOCAL lock_timeout = '${GIVES_UP}'`;
    if ((await outcomeOf(this.#holder.sql(lock))) instanceof Error) {
      await this.#holder.sql('ROLLBACK');
      return false;
    }
    this.#seen.set(statement, times + 1);
    return true;
  }

  /** LOCK TABLE takes no materialized view. */
  async #lockSql(relation: string): Promise<string> {
    // To lock a view is to lock what it reads, pg_class among it: another session would wait for
    // this one, which asks it.
    const kind = await this.#holder.value<string>(
      `SELECT relkind::text FROM pg_class WHERE oid = '${relation}'::regclass`,
    );
    return kind === 'm'
      ? `ALTER MATERIALIZED VIEW ${relation} RENAME TO renamed_by_a_user`
      : `LOCK TABLE ${relation} IN ACCESS EXCLUSIVE MODE`;
  }

  /** Until the statement has ended, or waits for the relation and what it has then is known. */
  async #watch(pid: number, statement: string, running: Promise<unknown>): Promise<void> {
    let hasEnded = false;
    const ended = (): void => void (hasEnded = true);
    running.then(ended, ended);
    const until = performance.now() + WATCHED_MS;
    for (let seen = 0; !hasEnded; await sleep(seen > 0 ? MOMENT_MS : 1)) {
      if (performance.now() > until) return;
      const blockers = await this.#world.value<number[]>(
        `SELECT to_json(pg_blocking_pids(${pid}))`,
      );
      const isWaiting = blockers.includes(this.#holder.pid);
      if (blockers.length > 0 && !isWaiting) return;
      seen = isWaiting ? seen + 1 : 0;
      if (seen < 2) continue;
      this.#waits += 1;
      const locked = await this.#world.rows<{ name: string }>(LOCKED_SQL(pid, this.#target));
      const relations = locked.map(({ name }) => name);
      if (relations.length > 0 && (await this.#isVictim(relations)))
        this.#victims.push({ statement, locked: relations });
      return;
    }
  }

  async #isVictim(relations: readonly string[]): Promise<boolean> {
    for (const relation of relations) {
      const outcome = await outcomeOf(this.#lockSql(relation).then((sql) => this.#holder.sql(sql)));
      if (outcome instanceof ServerError && outcome.sqlstate === '40P01') return true;
      // The command has given up its wait, and goes on with what it has.
      if (outcome instanceof ServerError && outcome.sqlstate === '55P03') return false;
      if (outcome instanceof Error) throw outcome;
    }
    return false;
  }
}
