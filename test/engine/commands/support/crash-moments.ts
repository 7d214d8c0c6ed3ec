/** The moments at which the tests of crashes kill, and what each leaves behind. */
import type { Checked } from './world.ts';
import { REBUILT } from '../../../setup/rebuilt.ts';

export const SUMMARY: Checked = {
  name: 'summary',
  definition: `SELECT s.region, p.kind, count(*) AS n, sum(s.amount) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY s.region, p.kind`,
};
export const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY price, id) AS place FROM public.product`,
};
export const BOTH = [SUMMARY, RANKED];

/** `stop_loads` is where a test stops a load: whoever holds the advisory lock 77 does. */
export const SETUP = `
CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL, price numeric(10,2));
CREATE TABLE sale (id bigint PRIMARY KEY, region text, product_id int, amount numeric(10,2));
INSERT INTO product SELECT i, 'k' || i % 3, i % 7 FROM generate_series(1, 20) AS i;
INSERT INTO sale SELECT i, 'r' || i % 5, 1 + i % 20, i % 50 FROM generate_series(1, 2000) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY.definition};
CREATE MATERIALIZED VIEW ranked AS ${RANKED.definition};
CREATE FUNCTION stop_loads() RETURNS event_trigger
LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77, 0); END $$;
CREATE EVENT TRIGGER stop_loads ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS')
EXECUTE FUNCTION stop_loads()`;

export const WRITES = `INSERT INTO sale
  SELECT i, 'r' || i % 6, 1 + i % 20, i % 40 FROM generate_series(10000, 10300) AS i
  ON CONFLICT (id) DO UPDATE SET amount = sale.amount + 1;
  UPDATE product SET price = price + 1, kind = 'k' || (id + price::int) % 4 WHERE id % 3 = 0;
  DELETE FROM sale WHERE id % 7 = 3 AND id > 10000`;

export type Death = 'the program' | 'its backend' | 'the server';

export type Moment = {
  readonly what: string;
  /** What is installed before. */
  readonly installed: readonly Checked[];
  readonly command: readonly string[];
  /** Keeps the command at this moment, until its transaction ends. */
  readonly hold: string;
  /** Whether the command is there, beside that it waits for a lock. */
  readonly reached?: string;
  /** It gives up after two seconds. */
  readonly isShort?: true;
  /** What doctor then says of which imat; a server's procedure goes on when the program is gone. */
  readonly found: Readonly<Record<Death, string | null>>;
  readonly repair: readonly string[];
  /** What is there after the repair. */
  readonly left: readonly Checked[];
};

const always = (found: string | null): Moment['found'] => ({
  'the program': found,
  'its backend': found,
  'the server': found,
});

export const MOMENTS: readonly Moment[] = [
  {
    what: 'convert waits for a writer of a source',
    installed: [RANKED],
    command: ['convert', 'summary'],
    hold: 'UPDATE sale SET amount = amount WHERE id = 1',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'installing'`,
    found: always('its installation was interrupted'),
    repair: ['convert', 'summary'],
    left: BOTH,
  },
  {
    what: 'convert loads',
    installed: [RANKED],
    command: ['convert', 'summary'],
    hold: 'SELECT pg_advisory_xact_lock(77, 0)',
    reached: `SELECT FROM imat_catalog.source WHERE relation = 'sale'::regclass`,
    found: always('its installation was interrupted'),
    repair: ['convert', 'summary'],
    left: BOTH,
  },
  {
    what: 'convert of a definition that cannot be maintained by delta loads, and is reverted then',
    installed: [SUMMARY],
    command: ['convert', 'ranked'],
    hold: 'SELECT pg_advisory_xact_lock(77, 0)',
    found: always('its installation was interrupted'),
    repair: ['revert', 'ranked'],
    left: [SUMMARY],
  },
  {
    what: 'convert puts the view in place of the materialized view',
    installed: [],
    command: ['convert', 'summary', '--replace'],
    hold: 'SELECT count(*) FROM summary',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'active'`,
    found: always(null),
    repair: ['convert', 'summary', '--replace'],
    left: [SUMMARY],
  },
  {
    what: 'fold adds to the state',
    installed: BOTH,
    command: ['fold', 'summary'],
    hold: 'LOCK TABLE imat_store.state_summary IN SHARE MODE',
    found: always(null),
    repair: ['fold', 'summary'],
    left: BOTH,
  },
  {
    what: 'fold cleans the log',
    installed: BOTH,
    command: ['fold', 'summary'],
    hold: 'LOCK TABLE imat_store.log_public_sale IN SHARE MODE',
    found: always(null),
    repair: ['fold', 'summary'],
    left: BOTH,
  },
  {
    what: 'swap waits for a reader of the view',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'SELECT count(*) FROM imat.ranked',
    isShort: true,
    found: always(null),
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    what: 'swap fills the other slot',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'LOCK TABLE product IN ACCESS EXCLUSIVE MODE',
    reached: `SELECT FROM imat_catalog.imat WHERE swap_phase = 'filling'`,
    found: { ...always('a swap is unfinished (filling)'), 'the program': null },
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    // The previous slot stays because of the same transaction, which may have read it.
    what: 'swap has switched and cleans the log',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'LOCK TABLE imat_store.log_public_product IN SHARE MODE',
    reached: `SELECT FROM imat_catalog.imat WHERE swap_phase = 'switched'`,
    found: always('a swap is unfinished (switched)'),
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    what: 'revert waits for a reader of the view',
    installed: BOTH,
    command: ['revert', 'summary'],
    hold: 'SELECT count(*) FROM imat.summary',
    found: always(null),
    repair: ['revert', 'summary'],
    left: [RANKED],
  },
  {
    what: 'revert takes capture off a source',
    installed: BOTH,
    command: ['revert', 'summary'],
    hold: 'SELECT count(*) FROM sale',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'reverting'`,
    found: always('its revert was interrupted'),
    repair: ['revert', 'summary'],
    left: [RANKED],
  },
];
