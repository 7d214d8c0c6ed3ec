/** HTML as text: what comes from a database is escaped here, and nowhere else. */

/** Markup, told apart from text that must be escaped. */
export type Markup = { readonly markup: string };

export const raw = (markup: string): Markup => ({ markup });

/** A template whose holes are escaped, unless they are markup already. */
export function html(
  strings: TemplateStringsArray,
  ...holes: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  return raw(
    strings
      .map((text, i) => {
        const hole = holes[i];
        return hole === undefined ? text : text + textOf(hole);
      })
      .join(''),
  );
}

function textOf(hole: string | number | Markup | readonly Markup[]): string {
  if (typeof hole === 'string') return escaped(hole);
  if (typeof hole === 'number') return escaped(count(hole));
  return 'markup' in hole ? hole.markup : hole.map(({ markup }) => markup).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Control characters and those that turn the direction of a line show as their numbers. */
export const visible = (text: string): string =>
  text.replace(
    // oxlint-disable-next-line no-control-regex -- these are what is shown as numbers
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Every digit, in groups of three. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `2026-11-26 08:00:00`; the page says that times are UTC. */
export const time = (at: string): string => at.slice(0, 19).replace('T', ' ');

/** A bound of an interval; without a mark the first is the group's beginning, the last is now. */
export const firstName = (mark: string | null | undefined): string => mark ?? 'the beginning';
export const lastName = (mark: string | null | undefined): string => mark ?? 'now';

/** The beginning of a long name, for the label of an axis. */
export function short(name: string, most: number): string {
  const characters = [...visible(name)];
  return characters.length <= most
    ? characters.join('')
    : `${characters.slice(0, most - 1).join('')}…`;
}
