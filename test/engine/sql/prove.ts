/**
 * The proof of a set of definitions: one database, an imat for each, and a random history. After
 * every step each imat is compared with its definition, run by PostgreSQL in the same statement.
 *
 *   IMAT_SQL_SEED=<n|random>  another history than that which CI runs
 *   IMAT_SQL_STEPS=<n>        its length
 *   IMAT_SQL_ONLY=<regexp>    some definitions; the history stays the same
 *   IMAT_SQL_REPORT=<file>    appends what was done, as a line of JSON: see coverage.mjs
 */
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usePreparedDatabase, WITH_EXTENSION } from '../../setup/database.ts';
import { type Batch, BATCHES } from './definitions/all.ts';
import { named } from './definitions/definition.ts';
import { DELTA } from './expected.ts';
import { hash } from './hash.ts';
import { openProof, type Proof } from './proof.ts';

const STEPS = Number(process.env['IMAT_SQL_STEPS'] ?? 60);
/** Only ends a test that hangs. */
const TIMEOUT_MS = 300_000 + STEPS * 10_000;
const ONLY = new RegExp(process.env['IMAT_SQL_ONLY'] ?? '');

export function proveBatch(title: keyof typeof BATCHES): void {
  const batch: Batch = BATCHES[title];
  const database = usePreparedDatabase();
  const seed = seedOf(title);
  let proof: Proof | null = null;
  const opened = (): Proof => {
    if (proof === null) throw new Error('the proof is opened before the first test');
    return proof;
  };
  beforeAll(async () => {
    proof = await openProof(() => database.connect(), batch.schema, seed);
    if (batch.isEmpty !== true) await proof.fill();
  });
  afterAll(() => proof?.end());

  describe(`${title}, seed ${seed}`, () => {
    for (const [construct, definitions] of Object.entries(batch.sets)) {
      test(`${construct}: converts, by delta where that is expected`, async () => {
        for (const one of chosen(named(definitions))) {
          const { strategy, reasons } = await opened().add(construct, one);
          if (DELTA.has(one.name))
            expect({ name: one.name, strategy, reasons }).toMatchObject({ strategy: 'delta' });
        }
      });
    }

    test('no function has a name of the user as text: renames would not reach it', async () => {
      expect(await opened().functionsWithNames()).toEqual([]);
    });

    test(
      `equal to the definition after each of ${STEPS} steps`,
      async () => {
        if (batch.isEmpty === true) await opened().fill();
        const faults = await opened().run(STEPS);
        report(title, opened());
        expect(faults.join('\n\n'), opened().replay()).toBe('');
      },
      TIMEOUT_MS,
    );
  });
}

/** With the extension, which other tests cover, every third definition. */
const chosen = <T extends { readonly name: string }>(definitions: readonly T[]): readonly T[] =>
  definitions.filter(({ name }, index) => ONLY.test(name) && (!WITH_EXTENSION || index % 3 === 0));

function report(title: string, proof: Proof): void {
  const file = process.env['IMAT_SQL_REPORT'];
  if (file === undefined) return;
  const { definitions, ...figures } = proof.figures();
  const all = definitions.map((one) => ({ ...one, isExpected: DELTA.has(one.name) }));
  appendFileSync(file, `${JSON.stringify({ title, ...figures, definitions: all })}\n`);
}

/** The same in every run, unless IMAT_SQL_SEED says otherwise; another one for each title. */
function seedOf(title: string): number {
  const given = process.env['IMAT_SQL_SEED'];
  if (given === 'random') return Math.floor(Math.random() * 2 ** 31);
  return given === undefined ? hash(title) : Number(given);
}
