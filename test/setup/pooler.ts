/**
 * A connection pooler as sessions see it: they are given process ids of the pooler's own. In
 * session mode each has a backend of its own; in transaction mode all share one.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type PoolMode = 'session' | 'transaction';
export type Pooler = { readonly url: string; readonly close: () => Promise<void> };

const FAKE_PID = 7;
const SSL_REQUEST = 80877103;

export async function startPooler(databaseUrl: string, mode: PoolMode): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let shared: Backend | null = null;
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    let backend: Backend | null = null;
    client.on('data', (data) => {
      if (data.length === 8 && data.readInt32BE(4) === SSL_REQUEST) return client.write('N');
      if (backend !== null) return backend.send(client, data);
      backend = mode === 'transaction' ? shared : null;
      if (backend !== null) return client.write(welcome());
      backend = new Backend(target);
      sockets.add(backend.socket);
      shared ??= backend;
      return backend.send(client, data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One connection to the server. Its answers go to the client that has asked last. */
class Backend {
  readonly socket: Socket;
  #client: Socket | null = null;
  #head: Buffer | null = Buffer.alloc(0);

  constructor(target: URL) {
    this.socket = connect(Number(target.port), target.hostname);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => this.#answer(data));
  }

  send(client: Socket, data: Buffer): void {
    const isTerminate = data.length === 5 && data[0] === 'X'.charCodeAt(0);
    if (isTerminate) {
      client.end();
      return;
    }
    this.#client = client;
    this.socket.write(data);
  }

  /** Passes answers on, the first key data with another process id. */
  #answer(data: Buffer): void {
    if (this.#head === null) {
      this.#client?.write(data);
      return;
    }
    let head = Buffer.concat([this.#head, data]);
    while (head.length >= 5 && head.length > head.readInt32BE(1)) {
      const message = head.subarray(0, 1 + head.readInt32BE(1));
      head = head.subarray(message.length);
      const isKeyData = message[0] === 'K'.charCodeAt(0);
      if (isKeyData) message.writeInt32BE(FAKE_PID, 5);
      this.#client?.write(message);
      if (!isKeyData) continue;
      this.#client?.write(head);
      this.#head = null;
      return;
    }
    this.#head = head;
  }
}

/** AuthenticationOk, BackendKeyData, ReadyForQuery. */
function welcome(): Buffer {
  const answer = Buffer.alloc(9 + 13 + 6);
  answer.write('R', 0);
  answer.writeInt32BE(8, 1);
  answer.write('K', 9);
  answer.writeInt32BE(12, 10);
  answer.writeInt32BE(FAKE_PID + 1, 14);
  answer.write('Z', 22);
  answer.writeInt32BE(5, 23);
  answer.write('I', 27);
  return answer;
}
