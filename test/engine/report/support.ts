/** A report's page as its reader finds it. */
import { parseHTML } from 'linkedom';

/** The rows of a table under the plots, cell by cell. */
export function rowsOf(html: string, name: string, group = 0): string[][] {
  const { document } = parseHTML(html);
  const section = [...document.querySelectorAll('section')][group];
  const rows = section?.querySelectorAll(`[data-table="${name}"] tbody tr`) ?? [];
  return [...rows].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? ''),
  );
}

/** A number as the page prints it. */
export const numberIn = (cell: string | undefined): number => Number(cell?.replaceAll(',', ''));
