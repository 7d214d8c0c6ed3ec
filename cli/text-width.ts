/**
 * How many terminal columns text takes: carets and table columns are wrong for Japanese or emoji
 * where `length` is used.
 */

// East Asian wide and fullwidth blocks; JavaScript's regular expressions do not know the
// East_Asian_Width property.
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const ASCII = /^[\x20-\x7e]*$/;

export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Pads with spaces to `width` terminal columns. */
export function padTo(text: string, width: number, align: 'left' | 'right'): string {
  const padding = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? padding + text : text + padding;
}

/**
 * Makes text safe to print on one line: a value from the database may hold line feeds or terminal
 * escape sequences.
 */
export function onOneLine(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- these are what is shown as escapes
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => ESCAPES[character] ?? `\\x${hex(character)}`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}
