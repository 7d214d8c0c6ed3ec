/** What every session did, in the order of beginning: what a failure is shrunk from. */
export type Step = {
  readonly session: string;
  /** SQL of a user; or a command of imat, as its words. */
  readonly sql?: string;
  readonly command?: readonly string[];
};

export type TracedStep = Step & { readonly atMs: number; endMs: number | null; outcome: string };

export class Trace {
  readonly steps: TracedStep[] = [];
  readonly #begin = Date.now();

  begin(session: string, sql: string): { end(outcome: string): void } {
    return this.#add({ session, sql });
  }

  beginCommand(session: string, command: readonly string[]): { end(outcome: string): void } {
    return this.#add({ session, command });
  }

  get now(): number {
    return Date.now() - this.#begin;
  }

  #add(step: Step): { end(outcome: string): void } {
    const traced: TracedStep = { ...step, atMs: this.now, endMs: null, outcome: 'under way' };
    this.steps.push(traced);
    return {
      end: (outcome) => {
        traced.endMs = this.now;
        traced.outcome = outcome;
      },
    };
  }
}
