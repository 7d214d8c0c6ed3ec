/**
 * A random history, step by step, of up to three writers with open transactions, of prepared
 * transactions, of a reader that keeps its snapshot, and of folds. It depends on the seed, and on
 * which steps fail, alone: not on the imats.
 */
import { type Random, randomOf } from '../../../tools/random.ts';
import type { Schema } from './columns.ts';
import { firstRows } from './schema.ts';
import { randomStatement } from './statements.ts';

export const WRITERS = 3;

export type Step =
  | { readonly kind: 'write'; readonly writer: number; readonly statements: readonly string[] }
  /** What ends a prepared transaction. */
  | { readonly kind: 'settle'; readonly statement: string }
  | { readonly kind: 'reader'; readonly statement: string }
  /** Each imat in this share of all. */
  | { readonly kind: 'fold'; readonly share: number };

export function printStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `writer ${step.writer + 1}: ${step.statements.join('; ')}`;
    case 'settle':
      return `observer: ${step.statement}`;
    case 'reader':
      return `reader: ${step.statement}`;
    case 'fold':
      return `fold ${Math.round(step.share * 100)} % of the imats`;
  }
}

type Writer = { open: boolean; savepoint: boolean };

/** What comes before a truncation, and a transaction that has truncated a table. */
type Phase = 'free' | 'draining' | { readonly truncating: number };

/** The tables that statements write to. */
export function tablesOf(statements: readonly string[]): string[] {
  const pattern = /^(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE) (\w+)/;
  return statements.flatMap((statement) => pattern.exec(statement)?.[1] ?? []);
}

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

export class History {
  readonly #random: Random;
  readonly #schema: Schema;
  readonly #gid: string | null;
  readonly #writers: Writer[] = Array.from({ length: WRITERS }, () => ({
    open: false,
    savepoint: false,
  }));
  #prepared: string[] = [];
  #preparedCount = 0;
  #isReading = false;
  #phase: Phase = 'free';

  /**
   * `gid` begins the names of prepared transactions, which all databases of a server share; null
   * for a history of one session, without such transactions.
   */
  constructor(seed: number, schema: Schema, gid: string | null) {
    this.#random = randomOf(seed);
    this.#schema = schema;
    this.#gid = gid;
  }

  get isAlone(): boolean {
    return this.#gid === null;
  }

  firstRows(): string[] {
    return firstRows(this.#random, this.#schema);
  }

  isOpen(writer: number): boolean {
    return this.#writers[writer]?.open === true;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** The writer whose transaction keeps everybody else from a table that it has truncated. */
  get truncating(): number | null {
    return typeof this.#phase === 'object' ? this.#phase.truncating : null;
  }

  /** Whether no transaction is open that somebody could have to wait for. */
  get isQuiet(): boolean {
    return (
      !this.#isReading && this.#prepared.length === 0 && this.#writers.every(({ open }) => !open)
    );
  }

  next(): Step {
    if (typeof this.#phase === 'object') return this.#truncatingStep(this.#phase.truncating);
    if (this.#phase === 'free' && this.#random.chance(0.025)) this.#phase = 'draining';
    if (this.#phase === 'draining') return this.#drain();
    if (this.isAlone && !this.isQuiet) return this.#writing(0);
    const dice = this.#random.below(100);
    if (dice < 13) return { kind: 'fold', share: this.#random.pick([0.15, 0.3, 0.3, 1]) };
    if (this.isAlone) return this.#writing(0);
    if (dice < 21) return this.#read();
    if (dice < 28 && this.#prepared.length > 0) return this.#settle();
    return this.#writing(this.#random.below(WRITERS));
  }

  #writing(index: number): Step {
    return { kind: 'write', writer: index, statements: this.#write(index) };
  }

  /** The statement that a writer goes on with after an error. */
  failed(writer: number): string {
    const state = this.#writer(writer);
    if (state.savepoint) return 'ROLLBACK TO SAVEPOINT a';
    state.open = false;
    this.#phase = 'free';
    return 'ROLLBACK';
  }

  /** What ends everything that is still open. */
  *end(): Generator<Step> {
    for (let step = this.#closing(); step !== null; step = this.#closing()) yield step;
    yield { kind: 'fold', share: 1 };
  }

  /** What ends one of the transactions that are still open. */
  #closing(): Step | null {
    const open = this.#writers.findIndex((state) => state.open);
    if (open >= 0) return this.#close(open, this.#random.chance(0.8) ? 'COMMIT' : 'ROLLBACK');
    if (this.#prepared.length > 0) return this.#settle();
    return this.#isReading ? this.#read() : null;
  }

  /**
   * A transaction holds a lock on every table, and TRUNCATE is not MVCC: so it waits until nothing
   * is open. Who would wait for whom depends on no imat then.
   */
  #drain(): Step {
    const step = this.#closing();
    if (step !== null) return step;
    this.#phase = 'free';
    const index = this.isAlone ? 0 : this.#random.below(WRITERS);
    const truncate = `TRUNCATE ${this.#random.pick(this.#schema.tables).name}`;
    if (this.#random.chance(0.4)) return { kind: 'write', writer: index, statements: [truncate] };
    this.#phase = { truncating: index };
    const state = this.#writer(index);
    state.open = true;
    state.savepoint = false;
    const statements = [...this.#begin('BEGIN'), this.#statement(), truncate];
    return { kind: 'write', writer: index, statements };
  }

  #truncatingStep(index: number): Step {
    const state = this.#writer(index);
    const dice = this.#random.below(100);
    if (dice < 40) return { kind: 'write', writer: index, statements: [this.#statement()] };
    if (dice < 60) return { kind: 'write', writer: index, statements: this.#savepoint(state) };
    return this.#close(index, dice < 85 ? 'COMMIT' : 'ROLLBACK');
  }

  #read(): Step {
    this.#isReading = !this.#isReading;
    const statements = this.#isReading ? this.#begin(SNAPSHOT) : ['COMMIT'];
    return { kind: 'reader', statement: statements.join('; ') };
  }

  #settle(): Step {
    const place = this.#random.below(this.#prepared.length);
    const [gid] = this.#prepared.splice(place, 1);
    const end = this.#random.chance(0.7) ? 'COMMIT' : 'ROLLBACK';
    return { kind: 'settle', statement: `${end} PREPARED '${gid ?? ''}'` };
  }

  #close(index: number, statement: string): Step {
    const state = this.#writer(index);
    state.open = false;
    state.savepoint = false;
    this.#phase = this.#phase === 'draining' ? 'draining' : 'free';
    return { kind: 'write', writer: index, statements: [statement] };
  }

  #begin(begin: string): string[] {
    const names = this.#schema.tables.map(({ name }) => name).join(', ');
    return [begin, `LOCK TABLE ${names} IN ACCESS SHARE MODE`];
  }

  #statement(): string {
    return randomStatement(this.#random, this.#schema.tables);
  }

  #write(index: number): string[] {
    const state = this.#writer(index);
    const dice = this.#random.below(100);
    if (!state.open) {
      if (dice < 50) return [this.#statement()];
      state.open = true;
      state.savepoint = false;
      return [...this.#begin(dice < 60 ? SNAPSHOT : 'BEGIN'), this.#statement()];
    }
    if (dice < 50) return [this.#statement()];
    if (dice < 68) return this.#savepoint(state);
    state.open = false;
    state.savepoint = false;
    if (dice < 88 || (this.isAlone && dice >= 94)) return ['COMMIT'];
    if (dice < 94) return ['ROLLBACK'];
    const gid = `${this.#gid}_${++this.#preparedCount}`;
    this.#prepared.push(gid);
    return [`PREPARE TRANSACTION '${gid}'`];
  }

  #savepoint(state: Writer): string[] {
    if (!state.savepoint) {
      state.savepoint = true;
      return ['SAVEPOINT a', this.#statement()];
    }
    if (this.#random.chance(0.6)) return ['ROLLBACK TO SAVEPOINT a'];
    state.savepoint = false;
    return ['RELEASE SAVEPOINT a'];
  }

  #writer(index: number): Writer {
    const state = this.#writers[index];
    if (state === undefined) throw new Error(`there is no writer ${index}`);
    return state;
  }
}
