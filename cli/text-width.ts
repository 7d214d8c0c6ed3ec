/** Text for a terminal, whose columns differ from `length` for Japanese or emoji. */
import stringWidth from 'string-width';

/** Pads with spaces to `width` terminal columns. */
export function padTo(text: string, width: number, align: 'left' | 'right'): string {
  const padding = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? padding + text : text + padding;
}

/**
 * Escapes control characters, so that text is safe to print on one line: a value from the database
 * can contain line feeds or terminal escape sequences.
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
