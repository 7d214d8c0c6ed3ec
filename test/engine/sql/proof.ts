/** A database with imats, and a random history over it: all are compared after each step. */
import { ImatError } from '../../../engine/errors/imat-error.ts';
import { type Db, ServerError } from '../../../engine/db/db.ts';
import { type ConvertResult, createImat, type Imat, type Strategy } from '../../../engine/index.ts';
import { type Random, randomOf } from '../../../tools/random.ts';
import type { Named } from './definitions/definition.ts';
import { hash } from './hash.ts';
import { History, printStep, type Step, tablesOf, WRITERS } from './histories.ts';
import type { Schema } from './columns.ts';
import { compare, convertSubject, messageOf, raises, type Subject } from './subject.ts';

export type Figures = {
  readonly seed: number;
  readonly steps: number;
  readonly comparisons: number;
  /** Comparisons in which the definition itself raised an error. */
  readonly raising: number;
  readonly folds: number;
  readonly swaps: number;
  /** Statements of writers that failed, by SQLSTATE. */
  readonly failed: Readonly<Record<string, number>>;
  readonly convertMs: number;
  readonly runMs: number;
  readonly definitions: readonly {
    readonly name: string;
    readonly construct: string;
    readonly strategy: Strategy;
    /** Kinds of reasons against delta. */
    readonly reasons: readonly string[];
  }[];
};

type Session = { readonly name: string; readonly db: Db; readonly isOpen: () => boolean };

/** After each step whose number this divides, answers from the tables alone are compared too. */
const ANEW_EVERY = 8;

/** Stands for every session without a transaction of its own: these see the same. */
const OBSERVER = 'observer';

const SETTINGS = 'SET search_path = public; SET client_min_messages = error';
/**
 * Writers give up soon, since a step waits for nobody. The others wait: an ANALYZE for the one of
 * an autovacuum worker, say.
 */
const WRITER_SETTINGS = `${SETTINGS}; SET lock_timeout = '25ms'`;
/** Small tables take less time than compiling, or than other processes. */
const DATABASE_SETTINGS = [
  "timezone TO 'America/New_York'",
  'jit TO off',
  'max_parallel_workers_per_gather TO 0',
];

/** On a database that has one session for all. */
export async function openLonelyProof(db: Db, schema: Schema, seed: number): Promise<Proof> {
  await db.execute(SETTINGS);
  await db.execute(schema.setup);
  const sessions = { imat: createImat(db), session: db, observer: db, reader: db, writers: [db] };
  return new Proof(sessions, new History(seed, schema, null), seed);
}

export async function openProof(
  connect: () => Promise<Db>,
  schema: Schema,
  seed: number,
): Promise<Proof> {
  const first = await connect();
  const [row] = await first.query<{ name: string }>('SELECT current_database()::text AS name');
  const database = row?.name ?? '';
  for (const setting of DATABASE_SETTINGS)
    await first.execute(`ALTER DATABASE ${database} SET ${setting}`);
  const session = await connect();
  const others: Db[] = [];
  for (let count = 0; count < WRITERS + 2; count++) {
    const db = await connect();
    await db.execute(count < WRITERS ? WRITER_SETTINGS : SETTINGS);
    others.push(db);
  }
  const writers = others.splice(0, WRITERS);
  const [observer, reader] = others;
  if (observer === undefined || reader === undefined) throw new Error('there are no sessions');
  const history = new History(seed, schema, database);
  await observer.execute(schema.setup);
  return new Proof(
    { imat: createImat(session), session, observer, reader, writers },
    history,
    seed,
  );
}

type Sessions = {
  readonly imat: Imat;
  readonly session: Db;
  readonly observer: Db;
  readonly reader: Db;
  readonly writers: readonly Db[];
};

export class Proof {
  readonly #sessions: Sessions;
  readonly #history: History;
  readonly #seed: number;
  /** Who looks is decided apart, so that the history depends on nothing but its seed. */
  readonly #random: Random;
  readonly #subjects: Subject[] = [];
  readonly #faulty = new Set<Subject>();
  /** By the last step that folds. */
  readonly #folded = new Set<Subject>();
  /** What each writer's open transaction has written to. */
  readonly #tables: ReadonlySet<string>[] = [];
  readonly #faults: string[] = [];
  readonly #steps: string[] = [];
  readonly #failed: Record<string, number> = {};
  #counts = { comparisons: 0, raising: 0, folds: 0, swaps: 0, convertMs: 0, runMs: 0 };

  constructor(sessions: Sessions, history: History, seed: number) {
    this.#sessions = sessions;
    this.#history = history;
    this.#seed = seed;
    this.#random = randomOf(seed ^ 0x5bd1e995);
  }

  async add(construct: string, definition: Named): Promise<ConvertResult> {
    const start = performance.now();
    const { imat, observer } = this.#sessions;
    const subject = await convertSubject(imat, observer, construct, definition);
    this.#subjects.push(subject);
    this.#counts.convertMs += performance.now() - start;
    return subject.converted;
  }

  /**
   * Functions of imat whose text names a table, type or function of the user. Views and bound
   * functions follow renames, text does not.
   */
  async functionsWithNames(): Promise<string[]> {
    const rows = await this.#sessions.observer.query<{ name: string }>(
      `SELECT p.proname::text AS name FROM pg_proc p
       WHERE p.pronamespace = 'imat_store'::regnamespace AND position('public.' IN p.prosrc) > 0`,
    );
    return rows.map(({ name }) => name);
  }

  /** The rows that the history begins with. */
  async fill(): Promise<void> {
    const { observer } = this.#sessions;
    for (const statement of this.#history.firstRows()) await observer.execute(statement);
    await observer.execute('ANALYZE');
  }

  /** Gives what was wrong; an imat is left alone after its first fault. */
  async run(steps: number): Promise<readonly string[]> {
    const start = performance.now();
    for (let count = 0; count < steps; count++) await this.#step(this.#history.next());
    for (const step of this.#history.end()) await this.#step(step);
    await this.#compareAll(this.#reader(), this.#alive());
    this.#counts.runMs = performance.now() - start;
    return this.#faults;
  }

  figures(): Figures {
    return {
      seed: this.#seed,
      steps: this.#steps.length,
      ...this.#counts,
      failed: this.#failed,
      definitions: this.#subjects.map(({ construct, definition, converted }) => ({
        name: definition.name,
        construct,
        strategy: converted.strategy,
        reasons: converted.reasons.map(({ kind }) => kind),
      })),
    };
  }

  /** How the history can be repeated, and its steps. */
  replay(): string {
    return [
      `IMAT_SQL_SEED=${this.#seed} repeats this history (IMAT_SQL_ONLY=<name> for one imat):`,
      ...this.#steps.map((step, index) => `${index + 1}. ${step}`),
    ].join('\n');
  }

  /** A database with prepared transactions cannot be dropped. */
  async end(): Promise<void> {
    const { observer } = this.#sessions;
    const left = await observer.query<{ gid: string }>(
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
    );
    for (const { gid } of left) await observer.execute(`ROLLBACK PREPARED '${gid}'`);
  }

  async #step(step: Step): Promise<void> {
    this.#steps.push(printStep(step));
    await this.#carryOut(step);
    const actor = step.kind === 'write' ? this.#writer(step.writer) : null;
    const chosen = this.#concerned(step);
    if (actor?.isOpen() === true) await this.#compareAll(actor, chosen);
    if (this.#history.truncating !== null) return;
    if (this.#history.isAlone && !this.#history.isQuiet) return;
    const others = this.#readers().filter(
      ({ name, isOpen }) => name !== actor?.name && (name === OBSERVER || isOpen()),
    );
    await this.#compareAll(this.#random.pick(others), chosen);
    if (this.#steps.length % ANEW_EVERY === 0) await this.#compareAnew();
  }

  /** With marks that every table was truncated: then reads take all from the tables. */
  async #compareAnew(): Promise<void> {
    const { observer } = this.#sessions;
    await observer.execute('BEGIN');
    await observer.execute(
      'INSERT INTO imat_store.reset (relation) SELECT relation FROM imat_catalog.source',
    );
    await this.#compareAll({ name: OBSERVER, db: observer, isOpen: () => true }, this.#alive());
    await observer.execute('ROLLBACK');
  }

  /**
   * The imats that a step concerns, and a quarter of the others. A transaction concerns those that
   * read a table which it has written to, at each of its steps.
   */
  #concerned(step: Step): Subject[] {
    const isConcerned = this.#concernedBy(step);
    return this.#alive().filter(
      (subject) => isConcerned(subject) || this.#dice(subject, 'look') < 250,
    );
  }

  #concernedBy(step: Step): (subject: Subject) => boolean {
    switch (step.kind) {
      case 'write': {
        const written = this.#written(step.writer, step.statements);
        return ({ tables }) => [...tables].some((table) => written.has(table));
      }
      case 'settle':
        return () => true;
      case 'fold':
        return (subject) => this.#folded.has(subject);
      case 'reader':
        return () => false;
    }
  }

  #written(writer: number, statements: readonly string[]): ReadonlySet<string> {
    const known = this.#tables[writer] ?? new Set();
    const written = new Set([...known, ...tablesOf(statements)]);
    this.#tables[writer] = this.#history.isOpen(writer) ? written : new Set();
    return written;
  }

  /** Names decide: so leaving some imats out changes nothing for the others. */
  #dice({ definition }: Subject, purpose: string): number {
    return hash(`${this.#seed} ${this.#steps.length} ${definition.name} ${purpose}`) % 1000;
  }

  async #carryOut(step: Step): Promise<void> {
    const { observer, reader } = this.#sessions;
    switch (step.kind) {
      case 'write':
        return this.#write(step.writer, step.statements);
      case 'settle':
        return observer.execute(step.statement);
      case 'reader':
        await reader.execute(step.statement);
        // Its snapshot begins here.
        return this.#compareAll(this.#reader(), this.#alive());
      case 'fold':
        return this.#fold(step.share);
    }
  }

  async #write(index: number, statements: readonly string[]): Promise<void> {
    const { db, isOpen } = this.#writer(index);
    for (const statement of statements) {
      try {
        await db.execute(statement);
      } catch (error) {
        this.#writeFailed(statement, error);
        if (isOpen()) await db.execute(this.#history.failed(index));
        return;
      }
    }
  }

  #writeFailed(statement: string, error: unknown): void {
    const code = allowedCode(error);
    if (code === null) this.#faults.push(`a writer fails: ${statement}\n${messageOf(error)}`);
    const counted = code ?? 'fault';
    this.#failed[counted] = (this.#failed[counted] ?? 0) + 1;
    this.#steps.push(`${this.#steps.pop() ?? ''} (fails: ${code ?? messageOf(error)})`);
  }

  async #fold(share: number): Promise<void> {
    const { imat } = this.#sessions;
    this.#folded.clear();
    for (const subject of this.#alive()) {
      const { name } = subject.definition;
      const isDelta = subject.converted.strategy === 'delta';
      // A swap waits for whoever may still read what it replaces.
      const limit = share * (isDelta ? 1000 : this.#history.isQuiet ? 100 : 3);
      if (this.#dice(subject, 'fold') >= limit) continue;
      this.#folded.add(subject);
      try {
        if (isDelta) await imat.fold(name);
        else await imat.swap(name);
        this.#counts[isDelta ? 'folds' : 'swaps']++;
      } catch (error) {
        if (!(await raises(this.#sessions.session, subject, false)))
          this.#fault(subject, `its ${isDelta ? 'fold' : 'swap'} raises: ${messageOf(error)}`);
      }
    }
  }

  async #compareAll({ name, db, isOpen }: Session, subjects: readonly Subject[]): Promise<void> {
    const isInside = isOpen();
    if (isInside) await db.execute('SAVEPOINT compared');
    for (const subject of subjects.filter((one) => !this.#faulty.has(one))) {
      const verdict = await compare(db, subject, isInside);
      this.#counts.comparisons++;
      if (verdict.kind === 'raises') this.#counts.raising++;
      if (verdict.kind === 'fault')
        this.#fault(
          subject,
          `for the ${name}${isInside ? ', in its transaction' : ''}:\n${verdict.text}`,
        );
    }
    if (isInside) await db.execute('RELEASE SAVEPOINT compared');
  }

  #fault(subject: Subject, text: string): void {
    this.#faulty.add(subject);
    this.#faults.push(
      `imat.${subject.definition.name} (${subject.converted.strategy}), after step ` +
        `${this.#steps.length}, ${this.#steps.at(-1) ?? ''}, ${text}\n${subject.definition.sql}`,
    );
  }

  #alive(): Subject[] {
    return this.#subjects.filter((subject) => !this.#faulty.has(subject));
  }

  #writer(index: number): Session {
    const db = this.#sessions.writers[index];
    if (db === undefined) throw new Error(`there is no writer ${index}`);
    return { name: `writer ${index + 1}`, db, isOpen: () => this.#history.isOpen(index) };
  }

  #reader(): Session {
    const isOpen = (): boolean => this.#history.isReading;
    return { name: 'reader', db: this.#sessions.reader, isOpen };
  }

  #readers(): Session[] {
    return [
      ...this.#sessions.writers.map((_, index) => this.#writer(index)),
      this.#reader(),
      { name: OBSERVER, db: this.#sessions.observer, isOpen: () => false },
    ];
  }
}

/** The SQLSTATE of an error that the statement would have raised without imat; otherwise null. */
function allowedCode(error: unknown): string | null {
  if (error instanceof ImatError) return error.category === 'transient' ? 'contention' : null;
  if (!(error instanceof ServerError) || error.sqlstate.startsWith('XX')) return null;
  return /\bimat(?:_store|_catalog)?\b/.test(error.message) ? null : error.sqlstate;
}
