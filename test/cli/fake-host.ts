/**
 * A host without a process or a database: it records what is written, and its engine gives what a
 * test lays down.
 */
import { EventEmitter } from 'node:events';
import type { Accounting } from '../../engine/accounting-api.ts';
import type { Imat } from '../../engine/api.ts';
import type { ConnectTarget } from '../../engine/db/db.ts';
import type { Host } from '../../cli/context.ts';
import { run } from '../../cli/run.ts';

export type Ran = {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly targets: readonly ConnectTarget[];
  readonly closed: boolean;
};

export type Setting = {
  readonly imat?: Partial<Imat>;
  readonly accounting?: Partial<Accounting>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly signals?: EventEmitter;
  readonly connect?: (target: ConnectTarget) => Promise<Imat>;
  readonly exit?: (status: number) => void;
};

async function unexpected(): Promise<never> {
  throw new Error('the command called a part of the engine that the test did not lay down');
}

const NO_ACCOUNTING: Accounting = {
  createGroup: unexpected,
  dropGroup: unexpected,
  startGroup: unexpected,
  stopGroup: unexpected,
  addToGroup: unexpected,
  removeFromGroup: unexpected,
  listGroups: unexpected,
  setMark: unexpected,
  renameMark: unexpected,
  commentMark: unexpected,
  deleteMark: unexpected,
  listMarks: unexpected,
  statistics: unexpected,
  report: unexpected,
  foldCounts: unexpected,
  schemaHistory: unexpected,
  compareSchema: unexpected,
  recordCommands: unexpected,
};

const NOTHING: Imat = {
  accounting: NO_ACCOUNTING,
  init: unexpected,
  convert: unexpected,
  create: unexpected,
  list: unexpected,
  status: unexpected,
  explain: unexpected,
  explainAll: unexpected,
  check: unexpected,
  fold: unexpected,
  swap: unexpected,
  rebuild: unexpected,
  grant: unexpected,
  grantMonitor: unexpected,
  schedule: unexpected,
  verify: unexpected,
  repair: unexpected,
  alter: unexpected,
  revert: unexpected,
  doctor: unexpected,
  installExtension: unexpected,
  cancel: unexpected,
  close: unexpected,
};

/**
 * Runs a command line against a fake engine; DATABASE_URL is set unless the test sets an
 * environment of its own.
 */
export async function runFake(argv: readonly string[], setting: Setting = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const targets: ConnectTarget[] = [];
  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
  };
  const engine: Imat = {
    ...NOTHING,
    close,
    accounting: { ...NO_ACCOUNTING, ...setting.accounting },
    ...setting.imat,
  };
  const terminal = (stream: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[stream] += text;
    },
    isTTY: setting.terminal ?? false,
    columns: setting.columns ?? 80,
  });
  const host: Host = {
    stdout: terminal('stdout'),
    stderr: terminal('stderr'),
    stdin: async () => setting.stdin ?? '',
    environment: setting.environment ?? { DATABASE_URL: 'postgres://somebody@somewhere/something' },
    signals: setting.signals ?? new EventEmitter(),
    exit: setting.exit ?? (() => undefined),
    connect: async (target) => {
      targets.push(target);
      return setting.connect === undefined ? engine : await setting.connect(target);
    },
    openSession: async () => {
      throw new Error('no test of the pure part opens a session');
    },
  };
  const status = await run(argv, host, '1.2.3');
  return { status, ...written, targets, closed };
}
