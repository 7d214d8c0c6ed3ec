/** One run: what all actors share, and what each does before and after it works. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Chance, chanceOf } from '../tools/chance.ts';
import type { PostgresServer } from '../tools/postgres.ts';
import { randomDefinitions, type Definition } from './definitions.ts';
import { randomSchema, type Schema } from './schema.ts';
import { Trace } from './trace.ts';

export type Failure = {
  readonly kind: 'difference' | 'writer error' | 'command error' | 'read error';
  readonly imat: string | null;
  readonly session: string;
  readonly text: string;
  /** What the answer of the imat depended on. */
  readonly evidence?: string;
};

export type World = {
  readonly seed: number;
  readonly schema: Schema;
  readonly definitions: readonly Definition[];
};

const DEFINITIONS = 10;

/** Everything that follows from the seed, beside the streams of the actors. */
export function worldOf(seed: number): World {
  const chance = chanceOf(seed);
  const schema = randomSchema(chance);
  return { seed, schema, definitions: randomDefinitions(chance, schema, DEFINITIONS) };
}

export type Server = Pick<PostgresServer, 'url' | 'restart'>;

export class Run {
  readonly world: World;
  readonly server: Server;
  readonly url: string;
  readonly trace = new Trace();
  readonly figures = new Map<string, number>();
  readonly users = new Set<number>();
  running = true;
  failure: Failure | null = null;
  #paused = false;
  #active = 0;
  #actors = 0;

  constructor(world: World, server: Server, url: string) {
    this.world = world;
    this.server = server;
    this.url = url;
  }

  count(what: string): void {
    this.figures.set(what, (this.figures.get(what) ?? 0) + 1);
  }

  /** The first failure ends the run. */
  fail(failure: Failure): void {
    this.failure ??= failure;
    this.running = false;
  }

  nextChance(): Chance {
    this.#actors += 1;
    return chanceOf(this.world.seed * 1000 + this.#actors);
  }

  /** Does one piece of work after another until the run ends; none while it is quiet. */
  async act(name: string, work: () => Promise<void>): Promise<void> {
    while (this.running) {
      if (this.#paused) {
        await sleep(20);
        continue;
      }
      this.#active += 1;
      try {
        await work();
      } catch (error) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.fail({ kind: 'command error', imat: null, session: name, text });
      } finally {
        this.#active -= 1;
      }
    }
  }

  /** Runs `body` while no other actor is at work; until then `release`, for who waits for locks. */
  async quietly(release: () => Promise<void>, body: () => Promise<void>): Promise<void> {
    this.#paused = true;
    try {
      while (this.#active > 0) {
        await release();
        await sleep(20);
      }
      await body();
    } finally {
      this.#paused = false;
    }
  }
}
