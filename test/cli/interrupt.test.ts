/** Ctrl-C, and the line that shows progress. */
import { EventEmitter, once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { Interrupt } from '../../cli/interrupt.ts';
import type { Imat } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { runFake } from './fake-host.ts';
import { CONVERTED, STATUS } from './samples.ts';

async function forever(): Promise<never> {
  return await new Promise(() => undefined);
}

/**
 * A call that signals come into, and that ends only when `stop` is called, as a statement does when
 * it is cancelled.
 */
function interruptedCall(...sent: NodeJS.Signals[]) {
  const signals = new EventEmitter();
  const stopped = new EventEmitter();
  const call = async (): Promise<never> => {
    setImmediate(() => sent.forEach((signal) => signals.emit(signal, signal)));
    const [error] = await once(stopped, 'stop');
    throw error;
  };
  return { signals, call, stop: (error: Error) => void stopped.emit('stop', error) };
}

describe('Ctrl-C', () => {
  test('the first asks the engine to stop, and the command ends as interrupted', async () => {
    const { signals, call, stop } = interruptedCall('SIGINT');
    const cancel = async (): Promise<void> =>
      stop(new Error('canceling statement due to user request'));
    const { status, stdout, stderr, closed } = await runFake(['convert', 'v'], {
      signals,
      imat: { convert: call, cancel },
    });
    expect([status, stdout, closed]).toEqual([130, '', true]);
    expect(stderr).toContain('imat: interrupted; undoing unfinished work');
    expect(stderr).toContain('imat: interrupted\nDETAIL:  Unfinished work was rolled back.');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  test("the engine's account of the interruption stays; SIGTERM has its own status", async () => {
    const { signals, call, stop } = interruptedCall('SIGTERM');
    const account = new ImatError('interrupted', {
      message: 'the load was interrupted',
      detail: 'It can be resumed.',
    });
    const cancel = async (): Promise<void> => stop(account);
    const { status, stdout } = await runFake(['convert', 'v', '--json'], {
      signals,
      imat: { convert: call, cancel },
    });
    expect(status).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'IM019', message: 'the load was interrupted', detail: 'It can be resumed.' },
    });
  });

  test('the second leaves at once', async () => {
    const { signals, call, stop } = interruptedCall('SIGINT', 'SIGINT');
    const exit = vi.fn(() => stop(new Error('the process would be gone here')));
    await runFake(['fold'], { signals, exit, imat: { fold: call, cancel: forever } });
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  test('the second may abandon something first; a third does not wait for that', async () => {
    const signals = new EventEmitter();
    const exit = vi.fn();
    const warn = vi.fn();
    const interrupt = new Interrupt({ signals, exit, warn });
    let end = (): void => undefined;
    const abandon = () => new Promise<void>((resolve) => (end = resolve));
    interrupt.cancelWith(async () => undefined, { notice: null, abandon });
    signals.emit('SIGTERM', 'SIGTERM');
    signals.emit('SIGTERM', 'SIGTERM');
    await new Promise(setImmediate);
    expect(exit).not.toHaveBeenCalled();
    signals.emit('SIGINT', 'SIGINT');
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    end();
    await new Promise(setImmediate);
    expect(exit).toHaveBeenLastCalledWith(143);
    expect(warn).not.toHaveBeenCalled();
    interrupt.dispose();
  });

  test('a connection that is not answered is left', async () => {
    const signals = new EventEmitter();
    const connect = async (): Promise<Imat> => {
      setImmediate(() => signals.emit('SIGINT', 'SIGINT'));
      return await forever();
    };
    const { status, stderr } = await runFake(['list'], { signals, connect });
    expect([status, stderr]).toEqual([130, 'imat: interrupted\nDETAIL:  No work had started.\n']);
  });

  test('a command that ended in spite of it has its result', async () => {
    const signals = new EventEmitter();
    const list: Imat['list'] = async () => {
      signals.emit('SIGINT', 'SIGINT');
      return [STATUS];
    };
    const { status, stdout } = await runFake(['list'], { signals, imat: { list } });
    expect(status).toBe(0);
    expect(stdout).toContain('imat.my_sales_summary');
  });
});

describe('progress', () => {
  const convert = vi.fn<Imat['convert']>(async (_view, options) => {
    options?.onProgress?.({ step: 2, steps: 5, label: 'loading' });
    return CONVERTED;
  });

  test('on a terminal it is one line that is gone at the end', async () => {
    const { stdout, stderr } = await runFake(['convert', 'v'], {
      imat: { convert },
      terminal: true,
    });
    expect(stderr).toBe('\r\x1b[K[2/5] loading  0.0 s\r\x1b[K');
    expect(stdout).toContain('is ready');
  });

  test('elsewhere, and with --json, there is none', async () => {
    expect((await runFake(['convert', 'v'], { imat: { convert } })).stderr).toBe('');
    expect(
      (await runFake(['convert', 'v', '--json'], { imat: { convert }, terminal: true })).stderr,
    ).toBe('');
  });
});
