/** Marks: named points of a group. */
import type { MarkStatus } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { call } from './call.ts';

/** Gives the mark's name, which is made from the time if none was given. */
export async function setMark(db: Db, group: string, mark: string | null): Promise<MarkStatus> {
  const [set] = await call<{ id: string }>(db, 'SELECT imat.set_mark($1, $2) AS id', [group, mark]);
  const marks = await listMarks(db, group);
  return marks.find(({ timeId }) => timeId === Number(set?.id)) ?? lost(group);
}

const lost = (group: string): never => {
  throw new Error(`the mark of group "${group}" that was just set is not listed`);
};

export async function changeMark(
  db: Db,
  how: 'rename_mark' | 'comment_mark',
  group: string,
  mark: string,
  text: string | null,
): Promise<void> {
  await call(db, `SELECT imat.${how}($1, $2, $3)`, [group, mark, text]);
}

export async function deleteMark(db: Db, group: string, mark: string): Promise<void> {
  await call(db, 'SELECT imat.delete_mark($1, $2)', [group, mark]);
}

export async function listMarks(db: Db, group: string): Promise<MarkStatus[]> {
  const rows = await call<Omit<MarkStatus, 'timeId'> & { readonly timeId: string }>(
    db,
    `SELECT mark_name AS name, mark_time_id AS "timeId", mark_is_stop AS "isStop",
       to_json(mark_datetime) #>> '{}' AS "setAt", mark_comment AS comment
     FROM imat.list_marks($1)`,
    [group],
  );
  return rows.map((row) => ({ ...row, timeId: Number(row.timeId) }));
}
