import type { Command } from 'commander';
import type { Strategy } from '../engine/api.ts';
import { choiceOption } from './arguments.ts';

/**
 * The options that `convert` and `create` share, as commander gives them: what was not given is
 * absent.
 */
export type ConversionOptions = {
  readonly freshness?: string;
  readonly strategy?: 'auto' | Strategy;
  readonly dryRun?: true;
};

export function addConversionOptions(command: Command): Command {
  return command
    .option(
      '--freshness <freshness>',
      'live (the default), manual, or an interval such as 5s or "1 minute"',
    )
    .addOption(
      choiceOption(
        '--strategy <strategy>',
        'how it is kept up to date; auto takes the best that the definition allows',
        ['auto', 'delta', 'swap'],
      ),
    )
    .option('--dry-run', 'say what would be done and change nothing');
}
