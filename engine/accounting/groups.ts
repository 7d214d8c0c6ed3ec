/** Groups: which tables and sequences are counted. */
import type { GroupStatus } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { call, membersNamed } from './call.ts';
import { createEmajNames } from './emaj-names.ts';

const MEMBERS = '$2::oid[]::regclass[], $3::oid[]::regclass[]';

export async function createGroup(
  db: Db,
  name: string,
  members: readonly string[],
  emajNames: boolean,
): Promise<void> {
  const { tables, sequences } = await membersNamed(db, members);
  await call(db, `SELECT imat.create_group($1, ${MEMBERS})`, [name, tables, sequences]);
  if (emajNames) await createEmajNames(db);
}

export async function changeGroup(
  db: Db,
  how: 'add_to_group' | 'remove_from_group',
  name: string,
  members: readonly string[],
): Promise<void> {
  const { tables, sequences } = await membersNamed(db, members);
  await call(db, `SELECT imat.${how}($1, ${MEMBERS})`, [name, tables, sequences]);
}

export async function onGroup(
  db: Db,
  how: 'drop_group' | 'stop_group' | 'start_group',
  name: string,
): Promise<void> {
  await call(db, `SELECT imat.${how}($1)`, [name]);
}

export async function listGroups(db: Db): Promise<GroupStatus[]> {
  const rows = await call<Omit<GroupStatus, 'tables' | 'sequences' | 'marks'> & Counts>(
    db,
    `SELECT group_name AS name, group_owner::text AS owner, group_is_counting AS "isCounting",
       group_tables AS tables, group_sequences AS sequences, group_marks AS marks,
       to_json(group_creation_datetime) #>> '{}' AS "createdAt"
     FROM imat.list_groups()`,
    [],
  );
  return rows.map((row) => ({
    ...row,
    tables: Number(row.tables),
    sequences: Number(row.sequences),
    marks: Number(row.marks),
  }));
}

type Counts = { readonly tables: string; readonly sequences: string; readonly marks: string };
