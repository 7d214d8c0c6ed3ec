/** All that a session can do with groups, marks and statistics. */
import type { Accounting } from '../api.ts';
import type { Db } from '../db/db.ts';
import { translated } from '../db/server-errors.ts';
import { changeGroup, createGroup, listGroups, onGroup } from './groups.ts';
import { changeMark, deleteMark, listMarks, setMark } from './marks.ts';
import { foldCounts, statistics } from './stats.ts';

export function accounting(db: Db): Accounting {
  return {
    createGroup: (name, members, options = {}) =>
      translated(() => createGroup(db, name, members, options.emajNames === true)),
    dropGroup: (name) => translated(() => onGroup(db, 'drop_group', name)),
    startGroup: (name) => translated(() => onGroup(db, 'start_group', name)),
    stopGroup: (name) => translated(() => onGroup(db, 'stop_group', name)),
    addToGroup: (name, members) => translated(() => changeGroup(db, 'add_to_group', name, members)),
    removeFromGroup: (name, members) =>
      translated(() => changeGroup(db, 'remove_from_group', name, members)),
    listGroups: () => translated(() => listGroups(db)),
    setMark: (group, mark) => translated(() => setMark(db, group, mark ?? null)),
    renameMark: (group, mark, name) =>
      translated(() => changeMark(db, 'rename_mark', group, mark, name)),
    commentMark: (group, mark, comment) =>
      translated(() => changeMark(db, 'comment_mark', group, mark, comment)),
    deleteMark: (group, mark) => translated(() => deleteMark(db, group, mark)),
    listMarks: (group) => translated(() => listMarks(db, group)),
    statistics: (group, options) => translated(() => statistics(db, group, options)),
    foldCounts: () => translated(() => foldCounts(db)),
  };
}
