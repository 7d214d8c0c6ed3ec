import type { Command } from 'commander';
import type { ConvertOptions, Strategy } from '../engine/api.ts';
import { choiceOption, settingsOption } from './arguments.ts';

/**
 * The options that `convert` and `create` share, as commander returns them. An option that was not
 * given is absent.
 */
export type ConversionOptions = {
  readonly freshness?: string;
  readonly strategy?: 'auto' | Strategy;
  readonly dryRun?: true;
  readonly set?: ConvertOptions['settings'];
};

/** With the settings of `--set` under the name that the API has for them, if any were given. */
export function settingsOf<O extends Pick<ConversionOptions, 'set'>>({
  set,
  ...others
}: O): Omit<O, 'set'> & Pick<ConvertOptions, 'settings'> {
  return set === undefined ? others : { ...others, settings: set };
}

export function addConversionOptions(command: Command): Command {
  return command
    .option(
      '--freshness <freshness>',
      'live (default), manual, or an interval such as 5s or "1 minute"',
    )
    .addOption(
      choiceOption(
        '--strategy <strategy>',
        'how imat keeps it up to date; auto chooses the best strategy that the definition allows',
        ['auto', 'delta', 'swap'],
      ),
    )
    .addOption(settingsOption())
    .option('--dry-run', 'show what would be done; change nothing');
}
