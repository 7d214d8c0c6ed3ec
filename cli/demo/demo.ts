import type { ConnectTarget } from '../../engine/db/db.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { Context } from '../context.ts';
import { errorText } from '../error-output.ts';
import { EXIT } from '../exit-status.ts';
import { interruptedError } from '../interrupt.ts';
import { ProgressLine } from '../progress.ts';
import { report } from '../session.ts';
import { leavePlace, leavingHint, type Place, takePlace } from './place.ts';
import { play } from './play.ts';
import { demoDocument, endText, type Played } from './report.ts';

/**
 * Runs the demo and removes everything it created, however it ends. The exit status is that of a
 * bug if a comparison failed. After the connection is made, Ctrl-C only cancels the running
 * statement, so that the removal still runs.
 */
export async function demo(context: Context, target: ConnectTarget, rows: number): Promise<void> {
  const { host, interrupt } = context;
  const progress = new ProgressLine(host.stderr, !context.json);
  const audience = {
    progress,
    say: (text: string): void => {
      progress.clear();
      if (!context.json) host.stdout.write(`${text}\n`);
    },
    // A cancel request between two statements stops neither.
    checkpoint: (): void => {
      if (interrupt.signal !== null) throw interruptedError(undefined);
    },
  };
  if (target.kind === 'embedded') progress.wait('starting the embedded PostgreSQL');
  const session = await host.openSession(target).finally(() => progress.clear());
  let running = true;
  const done = interrupt.cancelWith(async () => {
    progress.clear();
    if (running) await session.db.cancel();
  });
  let place: Place | null = null;
  const tell = async (): Promise<Played> => {
    audience.checkpoint();
    place = await takePlace(session.db, target);
    return await play(session, place, rows, audience);
  };
  const ended = await tell().then(
    (played) => ({ played, error: null }),
    (error: unknown) => ({ played: null, error }),
  );
  running = false;
  progress.clear();
  await session.db.close().catch(() => undefined);
  const clean = place === null || (await cleanUp(context, target, place));
  done();
  const { played } = ended;
  if (played === null)
    throw interrupt.signal === null ? ended.error : interruptedDemo(ended.error, clean);
  const equal = played.checks.every((check) => check.differences === 0);
  const status = equal ? (clean ? EXIT.done : EXIT.transient) : EXIT.bug;
  report(
    context,
    { document: demoDocument(rows, session.db.driver, played), text: endText(played), status },
    progress,
  );
}

function interruptedDemo(cause: unknown, clean: boolean): ImatError {
  return new ImatError('interrupted', {
    message: 'the demo was interrupted',
    detail: clean ? 'Everything that it had created was removed.' : undefined,
    cause,
  });
}

/**
 * Removes the demo's objects and says whether that worked. It opens another session, because the
 * first may be lost or, if embedded, stopped by Ctrl-C.
 */
async function cleanUp({ host }: Context, target: ConnectTarget, place: Place): Promise<boolean> {
  if (!place.remove.schema) return true;
  try {
    const session = await host.openSession(target);
    try {
      await leavePlace(session, place);
    } finally {
      await session.db.close();
    }
    return true;
  } catch (error) {
    host.stderr.write(
      `${errorText(error)}imat: the objects that the demo created were not ` +
        `removed\nHINT:  ${leavingHint(place)}\n`,
    );
    return false;
  }
}
