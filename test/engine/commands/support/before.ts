import type { Db } from '../../../../engine/db/db.ts';

/** A session that does something before it runs the first query with this text in it. */
export function before(db: Db, text: string, act: () => Promise<unknown>): Db {
  let isDone = false;
  return new Proxy(db, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property !== 'query') return value.bind(target) as unknown;
      return async (query: string, ...others: unknown[]): Promise<unknown> => {
        if (!isDone && query.includes(text)) {
          isDone = true;
          await act();
        }
        return value.call(target, query, ...others) as unknown;
      };
    },
  });
}
