/**
 * What a worker knows about the state of one database; each change goes to the metrics and the log.
 */
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';

export class DatabaseStatus {
  readonly #log: Log;
  readonly #metrics: Metrics;
  #name: string;
  #connected = false;
  #registered = false;
  #ticker = false;
  #error: string | null = null;
  #activeAt = performance.now();

  /** `name` is used until the database has told its own. */
  constructor(name: string, log: Log, metrics: Metrics) {
    this.#name = name;
    this.#log = log;
    this.#metrics = metrics;
  }

  get name(): string {
    return this.#name;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Whether the catalog may have leases of this worker, be it connected or not. */
  get registered(): boolean {
    return this.#registered;
  }

  /** Whether this worker is the ticker of the database. */
  get ticker(): boolean {
    return this.#ticker;
  }

  /** Why the database cannot be worked on, or null. */
  get error(): string | null {
    return this.#error;
  }

  /** Milliseconds since the loop last completed a round or a connection attempt. */
  get silentMs(): number {
    return performance.now() - this.#activeAt;
  }

  markActive(now: number): void {
    this.#activeAt = now;
  }

  rename(name: string): void {
    if (name === this.#name) return;
    this.#metrics.databaseUp.remove({ database: this.#name });
    this.#name = name;
  }

  setRegistered(): void {
    this.#registered = true;
  }

  setTicker(ticker: boolean): void {
    this.#ticker = ticker;
    this.#metrics.isTicker.set({ database: this.#name }, ticker ? 1 : 0);
  }

  setConnected(): void {
    if (!this.#connected) this.#log.info({ database: this.#name }, 'connected');
    this.#connected = true;
    this.#error = null;
    this.#metrics.databaseUp.set({ database: this.#name }, 1);
  }

  setDisconnected(error: string): void {
    this.#connected = false;
    this.#error = error;
    this.setTicker(false);
    this.#metrics.databaseUp.set({ database: this.#name }, 0);
  }
}
