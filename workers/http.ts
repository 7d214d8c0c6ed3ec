/** Health and metrics over HTTP: /livez, /readyz, /metrics. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ImatError } from '../engine/errors/imat-error.ts';

export type Health = { readonly ok: boolean; readonly detail: unknown };

export type Pages = {
  /** Whether the process works at all; if not, it should be restarted. */
  readonly live: () => Health;
  /** Whether it reaches its databases. */
  readonly ready: () => Health;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
};

export type HttpServer = { readonly port: number; close(): Promise<void> };

/**
 * Listens on `host:port`, `:port` or `port`; port 0 takes a free one.
 * @throws ImatError `invalid_argument`
 */
export async function listen(address: string, pages: Pages): Promise<HttpServer> {
  const { host, port } = parseAddress(address);
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const send = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    const health = ({ ok, detail }: Health): void =>
      send(ok ? 200 : 503, 'application/json', `${JSON.stringify({ ok, detail })}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      send(405, 'text/plain', 'only GET and HEAD are supported\n');
    else if (path === '/livez') health(pages.live());
    else if (path === '/readyz') health(pages.ready());
    else if (path === '/metrics')
      pages.metrics().then(
        ({ type, text }) => send(200, type, text),
        () => send(500, 'text/plain', 'could not collect the metrics\n'),
      );
    else send(404, 'text/plain', 'not found: the paths are /livez, /readyz and /metrics\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ImatError('invalid_argument', {
          message: `could not listen on "${address}"`,
          detail: `${error.message}.`,
          hint: 'Choose another --http address.',
          cause: error,
        }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** @throws ImatError `invalid_argument` */
export function parseAddress(address: string): { host: string | undefined; port: number } {
  const match = /^(?:(\[[^\]]+\]|[^:]*):)?(\d{1,5})$/.exec(address);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port <= 65_535)) {
    throw new ImatError('invalid_argument', {
      message: `"${address}" is not an address for --http`,
      hint: 'Write host:port, or the port alone, such as 127.0.0.1:9464.',
    });
  }
  const host = match?.[1]?.replace(/^\[|\]$/g, '');
  return { host: host === undefined || host === '' ? undefined : host, port };
}
