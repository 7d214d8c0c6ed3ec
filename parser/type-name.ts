/** The catalog's names of types that SQL spells in words of its own. */
const INTERNAL: Readonly<Record<string, string>> = {
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
  character: 'bpchar',
  'character varying': 'varchar',
  'bit varying': 'varbit',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
};

/** The bare name of a type as `format_type` prints it, without schema, modifier and brackets. */
export function internalName(type: string): string {
  const bare = type.replace(/(\[\d*\])+$/, '').replace(/\([\d, -]*\)/, '');
  const name = /(?:^|\.)("(?:[^"]|"")*"|[^."]+)$/.exec(bare)?.[1] ?? bare;
  return INTERNAL[bare] ?? (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
}
