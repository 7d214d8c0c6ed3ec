/** All that a session can do with groups, marks and statistics. */
import type { Accounting } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { changeGroup, createGroup, listGroups, onGroup } from './groups.ts';
import { compareSchema, recordCommands, schemaHistory } from './history.ts';
import { changeMark, deleteMark, listMarks, setMark } from './marks.ts';
import { report } from './report.ts';
import { foldCounts, statistics } from './stats.ts';

/** Runs a command, after the checks that every command makes. */
export type RunCommand = <T>(work: () => Promise<T>) => Promise<T>;

export function accounting(db: Db, command: RunCommand): Accounting {
  return {
    createGroup: (name, members, options = {}) =>
      command(() => createGroup(db, name, members, options.emajNames === true)),
    dropGroup: (name) => command(() => onGroup(db, 'drop_group', name)),
    startGroup: (name) => command(() => onGroup(db, 'start_group', name)),
    stopGroup: (name) => command(() => onGroup(db, 'stop_group', name)),
    addToGroup: (name, members) => command(() => changeGroup(db, 'add_to_group', name, members)),
    removeFromGroup: (name, members) =>
      command(() => changeGroup(db, 'remove_from_group', name, members)),
    listGroups: () => command(() => listGroups(db)),
    setMark: (group, mark) => command(() => setMark(db, group, mark ?? null)),
    renameMark: (group, mark, name) =>
      command(() => changeMark(db, 'rename_mark', group, mark, name)),
    commentMark: (group, mark, comment) =>
      command(() => changeMark(db, 'comment_mark', group, mark, comment)),
    deleteMark: (group, mark) => command(() => deleteMark(db, group, mark)),
    listMarks: (group) => command(() => listMarks(db, group)),
    statistics: (group, options) => command(() => statistics(db, group, options)),
    report: (options = {}) =>
      command(() => report(db, { group: null, from: null, to: null, ...options })),
    foldCounts: () => command(() => foldCounts(db)),
    schemaHistory: (name) => command(() => schemaHistory(db, name)),
    compareSchema: () => command(() => compareSchema(db)),
    recordCommands: () => command(() => recordCommands(db)),
  };
}
