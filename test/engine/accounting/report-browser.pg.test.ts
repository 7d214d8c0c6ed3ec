/**
 * The page of a report in a real browser: its numbers are those of SQL, it asks for nothing, and
 * nothing of it is drawn outside of its place. IMAT_TEST_SCREENSHOTS names a directory for
 * screenshots.
 */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../../tools/install-services.mjs';
import { newWorker } from '../../workers/support/passes.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';

const path = findChromium();
const title =
  path === null
    ? 'a report in a browser (skipped: no Chromium was found)'
    : 'a report in a browser';

const HOSTILE = `<script>document.title = 'x'</script><img src="http://example.invalid/x.png">`;
const SETUP = `CREATE TABLE orders (id int, amount int); CREATE SEQUENCE numbers;
  CREATE TABLE "${HOSTILE.replaceAll('"', '""')}" (id int);
  CREATE MATERIALIZED VIEW sums AS SELECT amount, count(*) AS n FROM orders GROUP BY amount`;

describe.skipIf(path === null)(title, () => {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'imat-report-'));
    browser = await chromium.launch({ executablePath: path ?? '' });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The page, and what its browser complained of or asked for. */
  async function opened(html: string, colorScheme: 'light' | 'dark') {
    const file = join(directory, `${colorScheme}.html`);
    writeFileSync(file, html);
    const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 900 } });
    const seen: string[] = [];
    page.on('console', (message) => seen.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => seen.push(`dialog: ${dialog.message()}`));
    const url = pathToFileURL(file).href;
    page.on('request', (request) => request.url() === url || seen.push(`to: ${request.url()}`));
    await page.goto(url);
    return { page, seen };
  }

  test.each(['light', 'dark'] as const)('%s', async (scheme) => {
    await inPreparedSandbox(SETUP, async (world) => {
      const html = await changedWorld(world);
      const { page, seen } = await opened(html, scheme);
      const shots = process.env['IMAT_TEST_SCREENSHOTS'];
      if (shots) await page.screenshot({ path: join(shots, `${scheme}.png`), fullPage: true });
      expect(seen).toEqual([]);
      expect(await page.title()).toMatch(/^Changes of t_/);
      expect(await cells(page, 'tables')).toEqual(
        await sqlCells(
          world,
          `SELECT stat_schema, stat_table, stat_rows
          FROM imat.log_stat_group('sales', NULL, NULL) ORDER BY stat_rows DESC`,
        ),
      );
      expect(await cells(page, 'roles')).toEqual(
        await sqlCells(
          world,
          `SELECT stat_role, stat_verb, stat_schema, stat_table, stat_rows
          FROM imat.detailed_log_stat_group('sales', NULL, NULL) ORDER BY stat_rows DESC`,
        ),
      );
      expect(await cells(page, 'sequences')).toEqual([['public', 'numbers', '35', 'no']]);
      expect(await measured(page)).toEqual({ plots: 6, hidden: 0, outside: [], wide: false });
      expect(await contrast(page)).toBeGreaterThan(7);
      await page.close();
    });
  });
});

/** Changes, marks, a schema change and runs of a worker; gives the page. */
async function changedWorld(world: Sandbox): Promise<string> {
  const { accounting } = world.imat;
  await world.imat.convert('sums', { freshness: '1s' });
  await accounting.createGroup('sales', [
    'orders',
    'numbers',
    `"${HOSTILE.replaceAll('"', '""')}"`,
  ]);
  for (const [i, rows] of [12, 31, 8, 1200, 17].entries()) {
    await world.sql(`INSERT INTO orders SELECT g, g % 5 FROM generate_series(1, ${rows}) g;
      UPDATE orders SET amount = ${i} WHERE id < ${i * 2};
      INSERT INTO "${HOSTILE.replaceAll('"', '""')}" SELECT g FROM generate_series(1, ${i + 3}) g;
      SELECT nextval('numbers') FROM generate_series(${-i}, 4)`);
    if (i === 2) await world.sql('ALTER TABLE orders ADD COLUMN note text');
    await accounting.compareSchema();
    await accounting.setMark('sales', `day ${i} <b>`);
    const worker = newWorker(world.url, {});
    await worker.once();
    await worker.stop();
  }
  await world.sql('DELETE FROM orders WHERE id < 5');
  return (await accounting.report({ group: 'sales' })).html;
}

const cells = async (page: Page, name: string): Promise<string[][]> => {
  const rows = await page.locator(`[data-table="${name}"] tbody tr`).all();
  return await Promise.all(rows.map((row) => row.locator('td').allInnerTexts()));
};

async function sqlCells(world: Sandbox, query: string): Promise<string[][]> {
  const rows = await world.rows<Record<string, string>>(query);
  return rows.map((row) =>
    Object.values(row).map((value) =>
      /^\d+$/.test(value) ? Number(value).toLocaleString('en-US') : value,
    ),
  );
}

/** Whether plots are there and drawn within their own frames. */
async function measured(page: Page): Promise<Record<string, unknown>> {
  return await page.evaluate(`(() => {
    const plots = [...document.querySelectorAll('.plot svg')];
    const outside = plots.flatMap((svg) => [...svg.querySelectorAll('text')].map((text) => {
      const [a, b] = [svg.getBoundingClientRect(), text.getBoundingClientRect()];
      const inside = b.left >= a.left - 1 && b.right <= a.right + 1 && b.bottom <= a.bottom + 1;
      return inside ? [] : [text.textContent];
    })).flat();
    return {
      plots: plots.length,
      hidden: plots.filter((svg) => svg.getBoundingClientRect().height < 40).length,
      outside,
      wide: document.documentElement.scrollWidth > innerWidth,
    };
  })()`);
}

/** Of text against the page, as WCAG 2 defines it; 7 is its highest grade. */
async function contrast(page: Page): Promise<number> {
  return await page.evaluate(`(() => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/\\d+/g).map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const style = getComputedStyle(document.body);
    const [a, b] = [light(style.color), light(style.backgroundColor)];
    return Math.max(a, b) / Math.min(a, b);
  })()`);
}
