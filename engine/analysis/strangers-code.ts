/**
 * Code of others that would run with the rights of the role that converts: imat keeps the values of
 * a definition, and of its sources' columns, in tables of that role, and carries indexes over.
 */
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { ReadRelation } from '../server/relations.ts';
import { strangersIndexCode, strangersTypeCode } from '../server/type-code.ts';

/**
 * What belongs to the current role keeps such values already, with the same consequences. For
 * whatever belongs to somebody else they are a refusal.
 * @throws ImatError `insufficient_privilege`
 */
export async function refuseStrangersCode(
  db: Db,
  view: number,
  sources: readonly ReadRelation[],
): Promise<void> {
  const owned = await db.query<{ oid: number; name: string; owner: string }>(
    `SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       pg_get_userbyid(c.relowner)::text AS owner
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY ($1::oid[]) AND pg_get_userbyid(c.relowner) <> current_user`,
    [`{${[view, ...sources.map((source) => source.oid)].join(',')}}`],
  );
  const used = new Map(sources.map((source) => [source.oid, source]));
  const isUsed = (relation: number, column: string): boolean => {
    const source = used.get(relation);
    if (source === undefined || source.used === null) return true;
    const { attnum } = source.columns.find((one) => one.name === column) ?? {};
    return attnum === undefined || source.used.includes(attnum);
  };
  const code = await strangersTypeCode(
    db,
    owned.map((one) => one.oid),
  );
  const found = code.find((one) => isUsed(one.relation, one.column));
  const place = owned.find((one) => one.oid === found?.relation);
  if (found !== undefined && place !== undefined)
    throw new ImatError('insufficient_privilege', {
      message:
        `column "${found.column}" of ${place.name} has type ${found.type}, ` +
        `whose function ${found.function} would run with your rights`,
      detail:
        'PostgreSQL calls it by itself where values of the type are stored, compared ' +
        'or analyzed, and imat would store them in tables of yours.',
      hint: `Connect as "${place.owner}", who owns ${place.name}.`,
    });
  const target = owned.find((one) => one.oid === view);
  if (target === undefined) return;
  const [index] = await strangersIndexCode(db, view);
  if (index === undefined) return;
  throw new ImatError('insufficient_privilege', {
    message: `an index of ${target.name} calls function ${index}, which would run with your rights`,
    hint: `Connect as "${target.owner}", who owns ${target.name}.`,
  });
}
