/** Commands of imat, as words, so that a trace can hold and repeat them. */
import { connect, type Imat, ImatError } from '../engine/index.ts';
import { oracleOf } from './compare.ts';
import type { Definition } from './definitions.ts';
import type { Session } from './session.ts';

export class Commander {
  readonly #url: string;
  #imat: Imat | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async run(
    words: readonly string[],
    definitions: readonly Definition[],
    session: Session,
  ): Promise<void> {
    const [verb, name = ''] = words;
    const imat = (this.#imat ??= await connect(this.#url));
    const definition = definitions.find((one) => one.name === name);
    if (verb === 'fold') await imat.fold(name);
    else if (verb === 'swap') await imat.swap(name);
    else if (verb === 'rebuild') await imat.rebuild(name);
    else if (verb === 'repair') await imat.repair(name);
    else if (verb === 'revert') await imat.revert(name);
    else if (verb === 'verify') {
      // What is not live may differ.
      for (const { equal, sample } of (await imat.verify(name)).results)
        if (!equal && definition?.freshness === 'live')
          throw new Error(`verify: ${JSON.stringify(sample)}`);
    } else if (definition === undefined) throw new Error(`there is no definition ${name}`);
    else if (verb === 'alter') await imat.alter(name, definition.query);
    else if (verb === 'convert') await convert(imat, definition, session);
    else throw new Error(`there is no command ${verb}`);
  }

  async close(): Promise<void> {
    const imat = this.#imat;
    this.#imat = null;
    await imat?.close().catch(() => undefined);
  }
}

async function convert(imat: Imat, definition: Definition, session: Session): Promise<void> {
  const { name, query, freshness, converts } = definition;
  if (!converts) {
    await imat.create(name, query, { freshness });
    return;
  }
  await session.sql(`CREATE MATERIALIZED VIEW IF NOT EXISTS public.m_${name} AS ${query}`, false);
  await imat.convert(`public.m_${name}`, { name, freshness });
}

/** A view that a dropped column took along. */
export async function restoreOracles(
  definitions: readonly Definition[],
  session: Session,
): Promise<void> {
  const found = await session.sql(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'oracle'::regnamespace
     UNION ALL
     SELECT 'public.' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
    false,
  );
  const names = new Set(found.map((row) => row['name']));
  for (const definition of definitions) {
    for (const statement of definition.before) {
      const [, view = ''] = /^CREATE VIEW (\S+)/.exec(statement) ?? [];
      if (!names.has(view)) await session.sql(statement);
    }
    if (!names.has(definition.name)) await session.sql(oracleOf(definition));
  }
}

export type CommandVerdict = 'allowed' | 'broken' | 'imat';

const RACES = new Set(['not_found', 'already_exists', 'has_dependents', 'invalid_definition']);

export function judgeCommand(error: unknown): CommandVerdict {
  if (!(error instanceof ImatError)) {
    const { code, message } = error as { code?: string; message?: string };
    return code !== undefined || /connection/i.test(message ?? '') ? 'allowed' : 'imat';
  }
  if (error.category === 'transient') return 'allowed';
  if (error.category === 'drift') return 'broken';
  // A repair needs an imat, a fold a delta imat, a conversion tables of the names of the query.
  return RACES.has(error.condition) || error.condition === 'strategy_unavailable'
    ? 'allowed'
    : 'imat';
}

export const describeError = (error: unknown): string => {
  if (!(error instanceof ImatError)) return error instanceof Error ? error.message : String(error);
  const cause = error.cause as { context?: string; statement?: string } | undefined;
  return [
    `${error.code} ${error.message}`,
    error.detail,
    cause?.context,
    cause?.statement,
    error.category === 'internal' ? error.stack : null,
  ]
    .filter((part) => part !== null && part !== undefined)
    .join('\n');
};
