/** Doctor: everything that can be wrong around the imats of a database, each with what to do. Changes nothing. */
import type { DoctorCheck } from '../api.ts';
import {
  catalogVersion,
  isOrphaned,
  LOCK_CLASS,
  ORPHANED,
  REMOVE_ORPHANS,
} from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { shellWord } from '../errors.ts';
import { loadColumns } from '../catalog/columns.ts';
import { findExtension } from '../catalog/extension.ts';
import { CAPTURE_TRIGGERS, EXTENSION } from '../sql/names.ts';
import { namesColumns } from '../generate/capture.ts';

const ok = (check: string, message: string): DoctorCheck => ({
  check,
  status: 'ok',
  message,
  hint: null,
});
const problem = (
  status: 'warning' | 'error',
  check: string,
  message: string,
  hint: string,
): DoctorCheck => ({
  check,
  status,
  message,
  hint,
});

export async function examine(db: Db, serverMajor: number): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  const [server] = await db.query<{ version: string; recovery: boolean }>(
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS recovery`,
  );
  checks.push(
    serverMajor < 15
      ? problem(
          'error',
          'server',
          `PostgreSQL ${server?.version ?? ''} is too old`,
          'imat needs PostgreSQL 15 or later.',
        )
      : ok(
          'server',
          `PostgreSQL ${server?.version ?? ''}${db.driver === 'pglite' ? ', embedded (one session)' : ''}`,
        ),
  );
  if (server?.recovery === true)
    checks.push(
      problem(
        'warning',
        'server',
        'this is a standby: imats can be read here, not maintained',
        'Connect to the primary to convert, fold or swap.',
      ),
    );
  const owner = await ownerOfUnreadableCatalog(db);
  if (owner !== null)
    return [
      ...checks,
      problem(
        'error',
        'catalog',
        'this role may not read the imat catalog',
        `Run it as ${owner}, who owns the catalog, or as a member of that role.`,
      ),
    ];
  const version = await catalogVersion(db);
  if (version === 0) {
    checks.push(...(await rightsToInstall(db)));
    if (await isOrphaned(db))
      return [...checks, problem('error', 'catalog', ORPHANED, REMOVE_ORPHANS)];
    return [
      ...checks,
      ok('catalog', 'no imats here yet; the first imat convert prepares the database'),
    ];
  }
  checks.push(
    await extensionCheck(db),
    ok('catalog', `version ${version}`),
    ...(await rightsToInstall(db)),
  );
  checks.push(...(await imatChecks(db)), ...(await sourceChecks(db)), ...(await requestChecks(db)));
  return checks;
}

async function extensionCheck(db: Db): Promise<DoctorCheck> {
  const extension = await findExtension(db);
  if (extension === null)
    return ok(
      'extension',
      `${EXTENSION} is not here; imat does without (imat extension install would install it)`,
    );
  const grant = `not for this role: GRANT EXECUTE ON FUNCTION ${extension.schema.text}.capture_changes() would change that`;
  const preload =
    'not which tables have changed: the server has not loaded it; imat extension install names the line for postgresql.conf';
  const parts = [
    extension.captures ? 'captures changes' : `captures changes, but ${grant}`,
    extension.tracks ? 'knows which tables have changed' : preload,
  ];
  return ok('extension', `${EXTENSION} ${extension.version}: ${parts.join('; ')}`);
}

async function ownerOfUnreadableCatalog(db: Db): Promise<string | null> {
  const [catalog] = await db.query<{ owner: string; readable: boolean }>(
    `SELECT pg_get_userbyid(n.nspowner) AS owner,
       has_schema_privilege(n.oid, 'USAGE') AND coalesce((SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'v')), true) AS readable
     FROM pg_namespace n WHERE n.nspname = 'imat_catalog'`,
  );
  return catalog?.readable === false ? catalog.owner : null;
}

async function rightsToInstall(db: Db): Promise<DoctorCheck[]> {
  const [rights] = await db.query<{ create: boolean; temporary: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS create, has_database_privilege(current_database(), 'TEMPORARY') AS temporary`,
  );
  const missing = [
    ...(rights?.create === true ? [] : ['CREATE']),
    ...(rights?.temporary === true ? [] : ['TEMPORARY']),
  ];
  if (missing.length === 0)
    return [ok('rights', 'this role may create schemas and temporary views in this database')];
  return [
    problem(
      'warning',
      'rights',
      `this role lacks ${missing.join(' and ')} on the database`,
      `Run as its owner: GRANT ${missing.join(', ')} ON DATABASE ... TO <role>.`,
    ),
  ];
}

async function imatChecks(db: Db): Promise<DoctorCheck[]> {
  const imats = await db.query<{
    name: string;
    state: string;
    strategy: string;
    pending: string;
    phase: string | null;
    busy: boolean;
    unreplaced: boolean;
    unfoldable: boolean;
    replaced: string | null;
  }>(
    `SELECT s.name, s.state, s.strategy, s.pending_rows AS pending, i.swap_phase AS phase,
       EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = i.id AND l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) AS busy,
       i.original_name IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = i.replacement) AS unreplaced,
       i.fold_function IS NOT NULL AND to_regproc(i.fold_function) IS NULL AS unfoldable,
       (SELECT string_agg(split_part(u.rule, ':', 1)::oid::regclass::text, ', ') FROM unnest(imat_catalog.rules_read(i.definition_view)) u(rule) WHERE u.rule <> ALL (i.rules_read)) AS replaced
     FROM imat_catalog.status s JOIN imat_catalog.imat i USING (name) ORDER BY s.name`,
    [LOCK_CLASS],
  );
  return imats.flatMap((imat): DoctorCheck[] => {
    const check = `imat ${imat.name}`;
    const word = shellWord(imat.name);
    if (imat.state === 'installing' && imat.busy)
      return [ok(check, 'is being installed by another session')];
    if (imat.state === 'installing')
      return [
        problem(
          'error',
          check,
          'its installation was interrupted',
          `Run the same command again, which takes it up, or imat revert ${word}, which removes it.`,
        ),
      ];
    if (imat.state === 'reverting')
      return [
        problem(
          'error',
          check,
          'its revert was interrupted, or lacked a right',
          `imat revert ${imat.name}, as a role that owns its sources, finishes it.`,
        ),
      ];
    if (imat.state === 'broken')
      return [
        problem(
          'error',
          check,
          'something it is built on is gone, or it was restored into another cluster',
          `imat revert ${word}, then convert again.`,
        ),
      ];
    const found: DoctorCheck[] = [];
    if (imat.unfoldable)
      found.push(
        problem(
          'error',
          check,
          'its fold function is gone: reads are right, but get slower and slower',
          `imat revert ${word}, then convert again.`,
        ),
      );
    if (imat.replaced !== null)
      found.push(
        problem(
          'error',
          check,
          `what it reads was replaced: ${imat.replaced}`,
          `imat revert ${word}, then convert again, for the view as it is now.`,
        ),
      );
    if (imat.phase !== null)
      found.push(
        problem(
          'warning',
          check,
          `a swap is unfinished (${imat.phase}): reads are right, but cost more`,
          `imat swap ${word} finishes it.`,
        ),
      );
    if (imat.strategy === 'delta' && Number(imat.pending) > 10_000)
      found.push(
        problem(
          'warning',
          check,
          `${imat.pending} rows are pending: reads are right, but slow`,
          `imat fold ${word}`,
        ),
      );
    if (imat.unreplaced)
      found.push(
        problem(
          'error',
          check,
          'the view in the original’s place was dropped',
          `imat revert ${word} brings the materialized view back.`,
        ),
      );
    return found.length === 0
      ? [ok(check, `${imat.strategy}, ${imat.pending} rows pending`)]
      : found;
  });
}

/** Triggers that are disabled or gone lose changes: the one thing that makes an imat wrong without an error. */
async function sourceChecks(db: Db): Promise<DoctorCheck[]> {
  const sources = await db.query<{
    name: string | null;
    triggers: number;
    log: boolean;
    subscribed: boolean;
    unlogged: boolean;
    inherits: boolean;
    secured: boolean;
    relation: number;
    columns: number[] | null;
    by_extension: boolean;
    tracked: boolean;
    body: string | null;
  }>(
    `SELECT s.relation::oid AS relation, to_json(s.columns) AS columns, s.by_extension, s.tracked, (SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = s.relation AND t.tgname = $2) AS body,
       (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = s.relation) AS name,
       (SELECT count(*)::int FROM pg_trigger t WHERE t.tgrelid = s.relation AND t.tgname = ANY ($1::text[]) AND t.tgenabled = 'A') AS triggers,
       EXISTS (SELECT FROM pg_class l WHERE l.oid = s.log) AS log,
       CASE WHEN has_table_privilege('pg_subscription_rel', 'SELECT') THEN EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = s.relation) ELSE false END AS subscribed,
       EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation AND c.relpersistence <> 'p') AS unlogged,
       EXISTS (SELECT FROM pg_inherits h WHERE s.relation IN (h.inhparent, h.inhrelid)) AS inherits,
       EXISTS (SELECT FROM pg_class c JOIN imat_catalog.imat_source z ON z.relation = c.oid JOIN imat_catalog.imat i ON i.id = z.imat_id WHERE c.oid = s.relation AND c.relrowsecurity AND i.strategy = 'delta') AS secured
     FROM imat_catalog.source s ORDER BY 1`,
    [
      `{${Object.values(CAPTURE_TRIGGERS)
        .map((name) => `"${name}"`)
        .join(',')}}`,
      CAPTURE_TRIGGERS.insert,
    ],
  );
  const columns = await loadColumns(
    db,
    sources.map((source) => source.relation),
  );
  return sources.map((source): DoctorCheck => {
    const check = `source ${source.name ?? '(dropped)'}`;
    if (source.name === null)
      return problem(
        'error',
        check,
        'a source table was dropped',
        'Revert the imats that read it.',
      );
    if (source.triggers < Object.keys(CAPTURE_TRIGGERS).length || !source.log) {
      return problem(
        'error',
        check,
        'capture is disabled or gone: changes were lost',
        'Enable its triggers (ALTER TABLE ... ENABLE ALWAYS TRIGGER), then revert and convert the imats on it.',
      );
    }
    const logged = (columns.get(source.relation) ?? []).filter(
      (column) => source.columns?.includes(column.attnum) === true,
    );
    if (
      source.columns !== null &&
      (logged.length < source.columns.length ||
        !(source.by_extension || namesColumns(source.body ?? '', logged)))
    ) {
      return problem(
        'error',
        check,
        'a column that is captured was renamed or dropped: whoever writes to it gets an error',
        'Revert the imats on it, then convert them again.',
      );
    }
    if (source.subscribed)
      return problem(
        'error',
        check,
        'a logical replication subscription fills it, which fires no statement triggers',
        'Revert the imats on it.',
      );
    if (source.inherits)
      return problem(
        'error',
        check,
        'it takes part in inheritance or partitioning now: writes to its relatives are not captured',
        'Revert the imats on it.',
      );
    if (source.secured)
      return problem(
        'error',
        check,
        'it has row security now, which imats maintained by delta on it do not know',
        'Revert and convert the imats on it.',
      );
    if (source.unlogged)
      return problem(
        'error',
        check,
        'it has become unlogged: a crash empties it without notice',
        'ALTER TABLE ... SET LOGGED, then revert and convert the imats on it.',
      );
    return ok(
      check,
      `captured${source.by_extension ? ' by the extension' : ''}${source.tracked ? ', tracked' : ''}`,
    );
  });
}

async function requestChecks(db: Db): Promise<DoctorCheck[]> {
  const requests = await db.query<{ name: string }>(
    'SELECT name FROM imat_catalog.request WHERE carried_out_at IS NULL ORDER BY id',
  );
  return requests.map((request) =>
    problem(
      'warning',
      `request ${request.name}`,
      'imat.create_imat recorded a request that nobody has carried out',
      `imat convert ${shellWord(request.name)}`,
    ),
  );
}
