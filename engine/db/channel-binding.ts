/**
 * `channel_binding=require`, as libpq takes it: who logs in proves the password for this very TLS
 * connection (SCRAM-SHA-256-PLUS, RFC 5802 and 5929), so that nobody in between can pass it on. A
 * server that asks in another way is refused before it is sent anything of the password.
 */
import type { Client, ClientConfig } from 'pg';
import { ImatError } from '../errors/imat-error.ts';

const BOUND = 'SCRAM-SHA-256-PLUS';

/** What pg's own types leave out. */
type Asked = {
  readonly connection: {
    on(event: 'authenticationSASL', see: (asked: { readonly mechanisms: string[] }) => void): void;
  };
};

export type Binding = {
  /** What the client is made with. */
  readonly config: ClientConfig;
  /** Before it connects. */
  readonly watch: (client: Client) => void;
  /** After it has connected. @throws ImatError `connection_refused` */
  readonly check: () => void;
};

export function requireBinding(client: ClientConfig): Binding {
  const { password } = client;
  let isOffered = false;
  const check = (): void => {
    if (!isOffered) throw unbound();
  };
  return {
    config: {
      ...client,
      // pg takes the bound mechanism where it is offered. It asks for the password before it
      // answers.
      enableChannelBinding: true,
      password: () => {
        check();
        return typeof password === 'string' ? password : '';
      },
    },
    watch: (one) => {
      (one as Client & Asked).connection.on('authenticationSASL', ({ mechanisms }) => {
        isOffered = mechanisms.includes(BOUND);
      });
    },
    check,
  };
}

const unbound = (): ImatError =>
  new ImatError('connection_refused', {
    message: 'the server did not offer channel binding, which channel_binding=require asks for',
    detail: `Channel binding needs TLS and a password that is checked by SCRAM (${BOUND}).`,
    hint:
      'Connect with TLS to the server itself, not to a pooler that ends TLS; or leave ' +
      'channel_binding out.',
  });
