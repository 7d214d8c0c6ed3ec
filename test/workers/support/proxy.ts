/**
 * A TCP proxy before a server whose connections can fall silent: nothing passes any more, and
 * nothing breaks.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Proxy = {
  /** The same address through the proxy. */
  readonly url: string;
  /**
   * Of connections that are open now: those whose port on the server's side is given, or all of
   * them.
   */
  freeze(port?: number): void;
  close(): Promise<void>;
};

type Connection = { readonly client: Socket; readonly server: Socket; frozen: boolean };

export async function startProxy(url: string): Promise<Proxy> {
  const address = new URL(url);
  const connections = new Set<Connection>();
  const proxy = createServer((client) => {
    const server = connect(Number(address.port), address.hostname);
    const connection: Connection = { client, server, frozen: false };
    connections.add(connection);
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      from.on('data', (bytes: Buffer) => void (connection.frozen || to.write(bytes)));
      from.on('error', () => undefined);
      from.on('close', () => void (connection.frozen || to.destroy()));
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((proxy.address() as AddressInfo).port);
  return {
    url: through.href,
    freeze: (port) => {
      for (const connection of connections)
        if (port === undefined || connection.server.localPort === port) connection.frozen = true;
    },
    close: async () => {
      for (const { client, server } of connections)
        for (const socket of [client, server]) socket.destroy();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
}
