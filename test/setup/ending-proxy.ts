/**
 * A proxy before PostgreSQL that ends sessions as an administrator does, in the same packet as the
 * answer before.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type EndingProxy = {
  /** The same address through the proxy. */
  readonly url: string;
  /** Ends the session that gets the answer after `answers` more, of whatever session. */
  endAfter(answers: number): { readonly isOpen: () => boolean };
  close(): Promise<void>;
};

/** ReadyForQuery, which ends each answer: `Z`, the length 5, and the state of the transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** ErrorResponse: severity, SQLSTATE and message of pg_terminate_backend. */
function terminated(): Buffer {
  const fields =
    ['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to administrator command']
      .map((field) => `${field}\0`)
      .join('') + '\0';
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + Buffer.byteLength(fields), 1);
  return Buffer.concat([head, Buffer.from(fields)]);
}

export async function startEndingProxy(url: string): Promise<EndingProxy> {
  const address = new URL(url);
  const sockets = new Set<Socket>();
  let order: { answers: number } | null = null;
  const endsNow = (bytes: Buffer): boolean => {
    if (order === null || !bytes.subarray(-6, -1).equals(READY)) return false;
    order.answers -= 1;
    if (order.answers >= 0) return false;
    order = null;
    return true;
  };
  const proxy = createServer((client) => {
    const server = connect(Number(address.port), address.hostname);
    server.on('data', (bytes: Buffer) => {
      if (!endsNow(bytes)) return void client.write(bytes);
      client.end(Buffer.concat([bytes, terminated()]));
      server.destroy();
    });
    client.on('data', (bytes: Buffer) => void server.write(bytes));
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        if (!to.writableEnded) to.destroy();
      });
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((proxy.address() as AddressInfo).port);
  return {
    url: through.href,
    endAfter: (answers) => {
      const given = { answers };
      order = given;
      return { isOpen: () => order === given };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
}

/** The errors that would end a process that runs `body`. */
export async function uncaughtDuring(body: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    await body();
    // A session that has ended says so once more when its connection closes.
    await sleep(20);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  }
  return uncaught;
}
