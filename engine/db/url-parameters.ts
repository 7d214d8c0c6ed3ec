/**
 * The parameters that a URL, or a PG* variable, may have. Each is honored or refused: one that asks
 * for protection and is dropped would leave the connection without it, and nobody would notice.
 */
import { ImatError } from '../errors/imat-error.ts';
import { nearWord } from '../errors/near-words.ts';

type Values = 'any' | 'whole number' | readonly string[];

const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const NONE: Values = [];
const SYSTEM = 'system';
const STRICTEST = 'verify-full';

/** By name, which values imat honors: of some parameters of libpq, what it does anyway. */
const PARAMETERS: Readonly<Record<string, Values>> = {
  host: 'any',
  port: 'any',
  user: 'any',
  password: 'any',
  dbname: 'any',
  passfile: 'any',
  options: 'any',
  application_name: 'any',
  fallback_application_name: 'any',
  connect_timeout: 'whole number',
  keepalives: ['1'],
  keepalives_idle: 'whole number',
  client_encoding: ['UTF8', 'utf8', 'UTF-8', 'utf-8', 'auto'],
  target_session_attrs: ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'],
  sslmode: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'],
  sslrootcert: 'any',
  sslcert: 'any',
  sslkey: 'any',
  sslpassword: 'any',
  ssl_min_protocol_version: TLS_VERSIONS,
  ssl_max_protocol_version: TLS_VERSIONS,
  sslcompression: ['0'],
  sslsni: ['1'],
  sslnegotiation: ['postgres'],
  sslcertmode: ['allow'],
  sslcrl: NONE,
  sslcrldir: NONE,
  channel_binding: ['disable', 'prefer', 'require'],
  require_auth: NONE,
  requirepeer: NONE,
  gssencmode: ['disable', 'prefer'],
  gssdelegation: ['0'],
  gsslib: NONE,
  krbsrvname: NONE,
  hostaddr: NONE,
  load_balance_hosts: ['disable'],
  keepalives_interval: NONE,
  keepalives_count: NONE,
  tcp_user_timeout: NONE,
  replication: ['false', 'off', 'no', '0'],
  service: NONE,
  servicefile: NONE,
  // Of node-postgres.
  ssl: ['true', '1', 'false', '0', 'no-verify'],
  uselibpqcompat: ['true'],
};

/** Those of the variables that protect a connection, bound it, or choose another one. */
const VARIABLES = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslcertmode: 'PGSSLCERTMODE',
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  channel_binding: 'PGCHANNELBINDING',
  require_auth: 'PGREQUIREAUTH',
  requirepeer: 'PGREQUIREPEER',
  gssencmode: 'PGGSSENCMODE',
  hostaddr: 'PGHOSTADDR',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  service: 'PGSERVICE',
} as const;

/**
 * Checks the parameters of a URL. @throws ImatError `invalid_argument`; no value is quoted, and no
 * name that could be a part of a password
 */
export function checkParameters(url: string, origin = 'the database URL'): void {
  const { search, parameters } = split(url);
  for (const [name, value] of parameters) {
    const isQuotable = /^\w+$/.test(name) && !search.includes('@');
    checkParameter(
      name,
      value,
      `${isQuotable ? `parameter "${name}"` : 'a parameter'} of ${origin}`,
    );
  }
}

/**
 * The URL with what the environment adds where it says nothing itself, written as node-postgres
 * reads it. @throws ImatError `invalid_argument`
 */
export function withVariables(url: string, env: NodeJS.ProcessEnv): string {
  checkParameters(url);
  const { base, parameters } = split(url);
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = env[variable];
    if (!value || parameters.has(name)) continue;
    checkParameter(name, value, `environment variable ${variable}`);
    parameters.set(name, value);
  }
  parameters.delete('uselibpqcompat');
  if (parameters.get('sslrootcert') === SYSTEM) {
    parameters.delete('sslrootcert');
    if ((parameters.get('sslmode') ?? STRICTEST) !== STRICTEST)
      throw new ImatError('invalid_argument', {
        message: `sslrootcert=${SYSTEM} needs sslmode=${STRICTEST}`,
        detail: 'Anybody can have a certificate that an authority of the system has signed.',
        hint: `Write sslmode=${STRICTEST}.`,
      });
    parameters.set('sslmode', STRICTEST);
  }
  return parameters.size === 0 ? base : `${base}?${parameters.toString()}`;
}

/** Also of a URL that `URL` cannot read. Of a parameter given twice, the last one counts. */
function split(url: string): { base: string; search: string; parameters: URLSearchParams } {
  const [, base = url, search = ''] = /^([^?#]*)\?([^#]*)/.exec(url) ?? [];
  const parameters = new URLSearchParams(Object.fromEntries(new URLSearchParams(search)));
  return { base, search, parameters };
}

/** `what` has the name and where it comes from. */
function checkParameter(name: string, value: string, what: string): void {
  if (!Object.hasOwn(PARAMETERS, name)) {
    const near = nearWord(name, Object.keys(PARAMETERS));
    throw new ImatError('invalid_argument', {
      message: `${what} is unknown`,
      detail: "imat knows libpq's parameters, such as sslmode, connect_timeout and options.",
      hint:
        near === undefined
          ? 'Remove it; settings of the session are written as options=-c%20name=value.'
          : `Did you mean "${near}"?`,
    });
  }
  const values = PARAMETERS[name] ?? NONE;
  if (values === 'any' || (values === 'whole number' && /^\d+$/.test(value))) return;
  if (values === 'whole number')
    throw new ImatError('invalid_argument', { message: `${what} is not a whole number` });
  if (values.includes(value)) return;
  if (values.length === 0)
    throw new ImatError('invalid_argument', {
      message: `${what} is not supported`,
      detail: 'imat could connect only without what it asks for.',
      hint: 'Remove it if you do not need it.',
    });
  const near = nearWord(value, values);
  throw new ImatError('invalid_argument', {
    message: `${what} has a value that is not supported`,
    detail: `Supported ${values.length === 1 ? 'is' : 'are'} ${values.join(', ')}.`,
    hint: near === undefined ? 'Write one of these, or remove it.' : `Did you mean "${near}"?`,
  });
}
