/** Shrinks a failing run to few steps and short definitions that still fail, by delta debugging. */
import type { Definition } from './definitions.ts';
import type { Failure, Run } from './run.ts';
import { type Case, prepareDatabase, replay, withDatabase } from './replay.ts';
import { Session } from './session.ts';
import { shrinkQuery } from './shrink-query.ts';
import type { Step, TracedStep } from './trace.ts';

const SUFFIXES = [60, 250, 1000, 4000];

/** Shrinks a case that repeats: its steps, then its definitions. */
export async function shrinkCase(server: string, one: Case, deadline: number): Promise<Case> {
  const kind = one.failure.slice(0, one.failure.indexOf(':'));
  const fails = (steps: readonly Step[]): Promise<boolean> =>
    stillFails(server, { ...one, steps }, kind);
  const few = await minimize(one.steps, deadline, fails);
  const alone = few.map((step) => ({ ...step, session: 'one' }));
  const steps = (await fails(alone)) ? alone : few;
  return shrinkDefinitions(server, { ...one, steps }, kind, deadline);
}

async function shrinkDefinitions(
  server: string,
  one: Case,
  kind: string,
  deadline: number,
): Promise<Case> {
  return withDatabase(server, 'shrinking', async (url) => {
    const before = one.definitions.flatMap((definition) => definition.before);
    await prepareDatabase(url, { setup: [...one.setup, ...before], definitions: [] });
    const planner = new Session('planner', url, null);
    const isQuery = (text: string): Promise<boolean> =>
      planner.sql(`EXPLAIN ${text}`).then(
        () => true,
        () => false,
      );
    try {
      let shrunk = one;
      for (const { name, query } of one.definitions) {
        const having = (text: string): Case => ({
          ...shrunk,
          definitions: shrunk.definitions.map(
            (other): Definition => (other.name === name ? { ...other, query: text } : other),
          ),
        });
        const fails = (text: string): Promise<boolean> => stillFails(server, having(text), kind);
        shrunk = having(await shrinkQuery(query, isQuery, fails, deadline));
      }
      return shrunk;
    } finally {
      await planner.close();
    }
  });
}

async function stillFails(server: string, one: Case, kind: string): Promise<boolean> {
  const found = await replay(server, one).catch(() => null);
  return found !== null && found.startsWith(kind);
}

export async function shrink(
  run: Run,
  failure: Failure,
  budgetMs: number,
  say: (text: string) => void,
): Promise<Case> {
  const deadline = Date.now() + budgetMs;
  const steps = relevant(run.trace.steps, failure);
  const chosen = run.world.definitions.filter(
    (one) => failure.imat === null || one.name === failure.imat,
  );
  const base = {
    seed: run.world.seed,
    failure: `${failure.kind}: ${failure.text}`,
    setup: run.world.schema.statements,
  };
  const attempt = (definitions: Case['definitions'], some: readonly Step[]): Case => ({
    ...base,
    definitions,
    steps: some.map(({ session, sql, command }) => ({
      session,
      ...(sql === undefined ? {} : { sql }),
      ...(command === undefined ? {} : { command }),
    })),
    replays: true,
  });
  for (const length of SUFFIXES) {
    if (Date.now() > deadline) break;
    const one = attempt(chosen, steps.slice(-length));
    if (!(await stillFails(run.server.url, one, failure.kind))) continue;
    say(`fails with the last ${length} steps; shrinking`);
    return shrinkCase(run.server.url, one, deadline);
  }
  return {
    ...base,
    replays: false,
    definitions: run.world.definitions,
    steps: run.trace.steps.slice(-3000),
  };
}

/** What readers did does not matter, except in the transaction that failed. */
function relevant(steps: readonly TracedStep[], failure: Failure): TracedStep[] {
  const last = steps.findLastIndex(
    (step) => step.session === failure.session && step.sql?.startsWith('BEGIN') === true,
  );
  return steps.filter(
    (step, index) =>
      !(step.session.startsWith('reader') || step.command?.[0] === 'compare') ||
      (step.session === failure.session && index >= last),
  );
}

/** ddmin: leaves out ever smaller parts for as long as it still fails. */
async function minimize(
  all: readonly Step[],
  deadline: number,
  fails: (some: readonly Step[]) => Promise<boolean>,
): Promise<readonly Step[]> {
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; ) {
    let shrunk = false;
    for (let at = 0; at < kept.length && Date.now() < deadline; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (without.length > 0 && (await fails(without))) {
        kept = without;
        shrunk = true;
      } else at += size;
    }
    if (Date.now() >= deadline) break;
    if (size > 1) size = Math.ceil(size / 2);
    else if (!shrunk) break;
  }
  return kept;
}
