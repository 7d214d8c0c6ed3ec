/**
 * The hints of the SQL API name its functions. imat's own name commands of the command line, and so
 * do these, once an error of the server is one of imat.
 */
import { shellWord } from './shell-word.ts';

const COMMANDS: Readonly<Record<string, string>> = {
  create_group: 'group create',
  drop_group: 'group drop',
  start_group: 'group start',
  stop_group: 'group stop',
  add_to_group: 'group add',
  remove_from_group: 'group remove',
  list_groups: 'group list',
  set_mark: 'mark set',
  rename_mark: 'mark rename',
  comment_mark: 'mark comment',
  delete_mark: 'mark delete',
  list_marks: 'mark list',
  fold: 'fold',
  swap: 'swap',
};

/** A function of the API, as a hint names it: alone, or in a statement with its arguments. */
const CALL = /(?:CALL |SELECT (?:\* FROM )?)?\bimat\.(\w+)(?:\(((?:[^()']|'(?:[^']|'')*')*)\))?/g;
const LITERAL = /(E?)'((?:[^']|'')*)'/g;
/** What is said of the arguments of a function. */
const OF_ARGUMENTS = / In SQL, [^.]*\./g;

export function forCommandLine(hint: string): string {
  return hint.replace(OF_ARGUMENTS, '').replace(CALL, (call, name: string, args = '') => {
    const command = COMMANDS[name];
    if (command === undefined) return call;
    return ['imat', command, ...literalsOf(args as string).map(shellWord)].join(' ');
  });
}

function literalsOf(args: string): string[] {
  return [...args.matchAll(LITERAL)].map(([, escapes, text = '']) => {
    const unquoted = text.replaceAll("''", "'");
    return escapes === 'E' ? unquoted.replaceAll('\\\\', '\\') : unquoted;
  });
}
