/**
 * Golden files: for each definition all the SQL that is made of it, to be read beside it.
 * `IMAT_UPDATE_GOLDEN=1 npx vitest run
 * --project pg test/engine/golden` writes them anew; look at the difference before it is committed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '../../../engine/api.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { GOLDEN_DEFINITIONS, GOLDEN_SCHEMA, type GoldenDefinition } from './definitions.ts';

const FILES = join(dirname(fileURLToPath(import.meta.url)), 'files');
const UPDATE = process.env['IMAT_UPDATE_GOLDEN'] === '1';
/** How PostgreSQL prints a definition differs between majors; the files show this one's. */
const MAJOR = 15;
/** The one that is shown as it is where the extension captures. */
const SHOWN_WITH_EXTENSION = 'join';
/** What a session may have otherwise, and some views compare. */
const SETTINGS = `SET TimeZone = 'UTC';
  SET DateStyle = 'ISO, MDY';
  SET IntervalStyle = postgres;
  SET lc_monetary = 'C';
  SET lc_numeric = 'C';
  SET lc_time = 'C';
  SET default_text_search_config = 'pg_catalog.english'`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(`${GOLDEN_SCHEMA}; ${SETTINGS}`);
  await sandbox.imat.init();
});
afterAll(() => sandbox.drop());

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const nameOf = (definition: GoldenDefinition): string =>
  definition.imat ?? definition.name.replaceAll('-', '_');

function golden({ name, shows, freshness }: GoldenDefinition, explanation: Explanation): string {
  const comment = (text: string): string => text.replaceAll(/^/gm, '-- ');
  const place = (position: { line: number; column: number } | null): string =>
    position === null ? '' : ` (line ${position.line}, column ${position.column})`;
  const head = [
    `${name}: ${shows}`,
    '',
    explanation.definition,
    '',
    `strategy ${explanation.strategy}, freshness ${freshness ?? 'live'}`,
    ...explanation.reasons.map(({ message, position, hint }) => {
      const advice = hint === null ? '' : `. ${hint}`;
      return `not delta: ${message}${place(position)}${advice}`;
    }),
    ...explanation.notes.map((note) => `note: ${note}`),
    ...explanation.sources.map(
      (source) => `reads ${source.relation} (${source.columns.join(', ')})`,
    ),
    ...explanation.plan.map(
      (step) => `${'  '.repeat(step.depth)}${step.clause}: ${step.rule}, stores ${step.stored}`,
    ),
  ];
  const statements = explanation.sql.map(({ label, sql }) => `${comment(label)}\n${sql};`);
  return `${comment(head.join('\n')).replaceAll(/ +$/gm, '')}\n\n${statements.join('\n\n')}\n`;
}

/** All that an imat consists of, as PostgreSQL prints it. */
async function installed(): Promise<unknown[]> {
  return sandbox.db.query(`
    SELECT 'view ' || c.oid::regclass AS what, pg_get_viewdef(c.oid) AS is, c.relacl::text AS acl
    FROM pg_class c
    WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text IN ('imat', 'imat_store')
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid), p.proacl::text
    FROM pg_proc p
    WHERE p.pronamespace = 'imat_store'::regnamespace
    UNION ALL
    SELECT 'table ' || c.oid::regclass,
      concat_ws(' ', c.relkind::text, c.relpersistence::text, array_to_string(c.reloptions, ',')),
      c.relacl::text
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'imat_store'::regnamespace
    UNION ALL
    SELECT 'column ' || a.attrelid::regclass || ' ' || a.attnum,
      concat_ws(
        ' ', a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
        a.attcollation::regcollation::text, col_description(a.attrelid, a.attnum),
        pg_get_expr(d.adbin, d.adrelid)
      ),
      NULL
      FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attnum > 0
        AND c.relkind IN ('r', 'v')
        AND c.relnamespace::regnamespace::text IN ('imat', 'imat_store')
    UNION ALL
    SELECT 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), NULL
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'imat_store'::regnamespace
    UNION ALL
    SELECT 'trigger ' || t.tgname || ' ' || t.tgrelid::regclass,
      pg_get_triggerdef(t.oid) || t.tgenabled::text, NULL
    FROM pg_trigger t
    WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'comment ' || d.objoid::regclass, d.description, NULL
    FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
    WHERE d.objsubid = 0
      AND d.classoid = 'pg_class'::regclass
      AND c.relnamespace::regnamespace::text IN ('imat', 'imat_store')
    ORDER BY 1, 2`);
}

/** Null where a definition has no golden file in this run. */
function fileOf({ name }: GoldenDefinition): string | null {
  if (!WITH_EXTENSION) return `${name}.sql`;
  return name === SHOWN_WITH_EXTENSION ? `${name}.extension.sql` : null;
}

describe.each(GOLDEN_DEFINITIONS.map((definition) => [definition.name, definition] as const))(
  '%s',
  (_name, definition) => {
    const view = nameOf(definition);

    test('explain shows its golden file, and convert installs exactly that', async (context) => {
      // Searching every relation name: those of the definitions are unqualified.
      await sandbox.sql(
        `CREATE MATERIALIZED VIEW ${quote(view)} AS ${definition.query};
         CREATE INDEX ON ${quote(view)} ((1));
         COMMENT ON MATERIALIZED VIEW ${quote(view)} IS 'shows ${definition.name}'`,
      );
      const options = definition.freshness === undefined ? {} : { freshness: definition.freshness };
      const before = await sandbox.imat.explain(quote(view));
      expect(await sandbox.imat.explain(quote(view))).toEqual(before);

      await sandbox.imat.convert(quote(view), options);
      const objects = await installed();
      const explanation = await sandbox.imat.explain(view);
      if (definition.freshness === undefined) expect(explanation).toEqual(before);
      await sandbox.imat.revert(view);

      await sandbox.db.execute('BEGIN');
      for (const { label, sql } of explanation.sql) {
        if (!label.startsWith('during a swap')) await sandbox.db.execute(sql);
      }
      expect(await installed()).toEqual(objects);
      for (const { label, sql } of explanation.sql) {
        if (label.startsWith('during a swap')) await sandbox.db.execute(sql);
      }
      await sandbox.db.execute('ROLLBACK');
      await sandbox.sql(`DROP MATERIALIZED VIEW ${quote(view)}`);

      const major = Math.floor(
        (await sandbox.value<number>(`SELECT current_setting('server_version_num')::int`)) / 10_000,
      );
      if (major !== MAJOR)
        context.skip(`the golden files show what PostgreSQL ${MAJOR} prints; this is ${major}`);
      const file = fileOf(definition);
      if (file === null)
        context.skip('with the extension, one golden file shows what is different');
      const path = join(FILES, file ?? '');
      // The numbers of the imat and of its sources depend on what there was before.
      const text = golden(definition, explanation)
        .replaceAll(
          /\b(?<what>imat_id = |imat => |(?:is_outgrown|expected_rows|distinct_values)\()\d+/g,
          '$<what>1',
        )
        .replaceAll(/'\d+'::pg_catalog\.regclass/g, "'1'::pg_catalog.regclass");
      if (UPDATE) {
        mkdirSync(FILES, { recursive: true });
        writeFileSync(path, text);
      }
      expect(
        existsSync(path) ? readFileSync(path, 'utf8') : null,
        'IMAT_UPDATE_GOLDEN=1 writes the golden files anew',
      ).toBe(text);
    });
  },
);

test('there is no golden file without a definition', () => {
  const files = GOLDEN_DEFINITIONS.map((definition) => `${definition.name}.sql`);
  expect(readdirSync(FILES)).toEqual([...files, `${SHOWN_WITH_EXTENSION}.extension.sql`].sort());
});
