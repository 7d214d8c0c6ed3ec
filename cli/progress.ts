import stringWidth from 'string-width';
import type { Progress } from '../engine/api.ts';
import type { Terminal } from './context.ts';

const REDRAW_MS = 100;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\x1b[K';

/**
 * One line on stderr that is redrawn while a step runs and cleared at the end. It draws nothing if
 * stderr is not a terminal or if JSON was requested: progress does not belong in a log file.
 */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #enabled: boolean;
  #label = '';
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(terminal: Terminal, wanted: boolean) {
    this.#terminal = terminal;
    this.#enabled = wanted && terminal.isTTY;
  }

  step(progress: Progress): void {
    this.#show(`[${progress.step}/${progress.steps}] ${progress.label}`, true);
  }

  /** Shows work that has no steps. */
  wait(label: string): void {
    this.#show(label, true);
  }

  /** Shows a bar for work of a known size. The clock keeps running from one call to the next. */
  bar(label: string, done: number, total: number): void {
    const filled = Math.floor((done / total) * BAR_WIDTH);
    this.#show(
      `${label} [${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` +
        `${Math.floor((done / total) * 100)} %`,
      this.#timer === null,
    );
  }

  clear(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#terminal.write(CLEAR_LINE);
  }

  #show(label: string, restart: boolean): void {
    if (!this.#enabled) return;
    this.#label = label;
    if (restart) this.#startedAt = performance.now();
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS).unref();
    this.#draw();
  }

  /** Cut to the terminal's width: a line that wraps cannot be cleared by one carriage return. */
  #draw(): void {
    const seconds = `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s`;
    const room = this.#terminal.columns - seconds.length - 2;
    const label =
      stringWidth(this.#label) > room
        ? `${this.#label.slice(0, Math.max(0, room - 3))}...`
        : this.#label;
    this.#terminal.write(`${CLEAR_LINE}${label}  ${seconds}`);
  }
}
