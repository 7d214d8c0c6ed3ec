/** What an error means: what would happen without imat as well, or what imat caused. */
import { isLost, type ServerFault } from './session.ts';

export type Verdict = 'lost' | 'allowed' | 'imat';

/**
 * PostgreSQL's own races with partitions. ON CONFLICT finds one that was detached since the
 * statement was planned: its unique index is no part of the root's any more. TRUNCATE CASCADE looks
 * up the tables that refer to a table, and one of them is dropped before it is opened.
 */
const isPartitionRace = ({ code, message, where }: ServerFault): boolean =>
  code === 'XX000' &&
  where === '' &&
  (message === 'invalid arbiter index list' || message.startsWith('could not open relation with'));

const OURS = /\bimat(?:_store|_catalog)?\b|\bIM0\d\d\b/;

/**
 * Of a statement of a user that reads no imat. A deadlock is imat's if one of its processes is not
 * a user's.
 */
export function judgeWriter(fault: ServerFault, users: ReadonlySet<number>): Verdict {
  if (isLost(fault)) return 'lost';
  const words = [fault.message, fault.detail, fault.where, fault.schema, fault.table].join('\n');
  // Capture is in the context of every statement of its own; a dependent is named by PostgreSQL
  // where somebody tries to change what a view reads.
  // A serializable transaction may fail at any of its statements.
  if (['2BP01', '0A000', '40001'].includes(fault.code) || isPartitionRace(fault)) return 'allowed';
  if (fault.code.startsWith('IM') || fault.code.startsWith('XX') || OURS.test(words)) return 'imat';
  if (fault.code === '40P01') {
    const pids = [...fault.detail.matchAll(/[Pp]rocess (\d+)/g)].map(([, pid]) => Number(pid));
    return pids.every((pid) => users.has(pid)) ? 'allowed' : 'imat';
  }
  return 'allowed';
}

/** What reading a broken imat, or one that is not there at the moment, raises. */
export type ReaderVerdict = 'lost' | 'broken' | 'absent' | 'retry' | 'imat';

const RETRY = new Set(['40001', '40P01', '55P03', '57014']);
const ABSENT = new Set(['42P01', '3F000', '42703', '42704']);

export function judgeReader(fault: ServerFault): ReaderVerdict {
  if (isLost(fault)) return 'lost';
  if (['IM024', 'IM017', 'IM021'].includes(fault.code)) return 'broken';
  if (RETRY.has(fault.code)) return 'retry';
  if (ABSENT.has(fault.code)) return 'absent';
  return 'imat';
}
