/** Why functions of PostgreSQL's own that are stable are not immutable, by their names. */

/**
 * PostgreSQL's own functions that are stable because of `PINNED_SETTINGS` only, by the name of what
 * is not immutable among them.
 */
export const SETTINGS_ONLY = new Set([
  'date_trunc',
  'date_part',
  'extract',
  'timezone',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'timetz',
  'to_char',
  'to_timestamp',
  'to_date',
  'to_number',
  'timestamptz_pl_interval',
  'timestamptz_mi_interval',
  'interval_pl_timestamptz',
  'generate_series',
  'date_add',
  'date_subtract',
  'in_range',
  'make_timestamptz',
  'overlaps',
  'to_tsvector',
  'to_tsquery',
  'plainto_tsquery',
  'phraseto_tsquery',
  'websearch_to_tsquery',
  'money',
  'numeric',
  'interval_in',
  'cash_in',
]);

/**
 * Functions that are declared IMMUTABLE and depend on TimeZone: the fields of the difference of two
 * times are those of local times.
 */
export const DEPENDS_ON_TIME_ZONE = new Set([
  'age(timestamp with time zone, timestamp with time zone)',
]);

/** An argument: its text, if it is a constant; whether it is an interval of hours and less. */
export type Constant = { readonly text: string | null; readonly isTimeOnly: boolean };

/**
 * Whether a call depends on no setting because of its arguments, although its function is declared
 * STABLE: by its signature, and the constants among its arguments.
 */
export function dependsOnNothing(
  signature: string,
  constants: readonly (Constant | null)[],
): boolean {
  const rule = STEADY.find(([pattern]) => pattern.test(signature));
  return rule?.[1](constants) === true;
}

type Steady = (constants: readonly (Constant | null)[]) => boolean;

const always: Steady = () => true;
const timeOnly =
  (index: number): Steady =>
  (constants) =>
    constants[index]?.isTimeOnly === true;
const textWithout =
  (index: number, pattern: RegExp): Steady =>
  (constants) => {
    const text = constants[index]?.text ?? null;
    return text !== null && !pattern.test(text);
  };

const ZONED = 'timestamp with time zone';
const STEADY: readonly (readonly [RegExp, Steady])[] = [
  [new RegExp(`^date_trunc\\(text, ${ZONED}, text\\)$`), always],
  [/^make_timestamptz\(.*, text\)$/, always],
  [
    new RegExp(`^(extract|date_part)\\(text, ${ZONED}\\)$`),
    ([field]) => field?.text?.toLowerCase() === 'epoch',
  ],
  [/^timestamptz_(pl|mi)_interval\(/, timeOnly(1)],
  [/^interval_pl_timestamptz\(/, timeOnly(0)],
  [new RegExp(`^generate_series\\(${ZONED}, ${ZONED}, interval\\)$`), timeOnly(2)],
  // Names of days and months are translated with the prefix TM alone, the signs of numbers with
  // these letters.
  [/^to_char\((timestamp without time zone|interval), text\)$/, textWithout(1, /tm/i)],
  [/^to_char\((numeric|integer|bigint|real|double precision), text\)$/, textWithout(1, /[dgls]/i)],
  [/^to_number\(text, text\)$/, textWithout(1, /[dgls]/i)],
  // Names are read in English without TM; abbreviations of time zones are a setting.
  [/^to_date\(text, text\)$/, textWithout(1, /tm|tz|of/i)],
  // The text has its offset: as it is pinned (pin-settings.ts).
  [/^to_timestamp\(text, text\)$/, textWithout(1, /^(?!TZH)|tm|of|tz(?!h)|.tzh/i)],
];

/** Of the same name, and not like these: the offset of a time of day is that of today. */
export const READS_THE_CLOCK = new Set([
  'timetz(time without time zone)',
  'timezone(text, time with time zone)',
  'timezone(time with time zone)',
]);

/** They read CURRENT_DATE, and nothing else. */
export const READS_TODAY = new Set([
  'age(timestamp without time zone)',
  'age(timestamp with time zone)',
]);

export const COMPARES_WITH_TIMESTAMPTZ =
  /^(date|timestamp|timestamptz)_(eq|ne|lt|le|gt|ge|cmp)_(timestamptz|date|timestamp)$/;

/** Functions that are stable because they print their arguments. */
export const PRINTS_ARGUMENTS = new Set([
  'textanycat',
  'anytextcat',
  'concat',
  'concat_ws',
  'format',
  'array_to_string',
  'array_out',
  'multirange_out',
  'range_out',
  'record_out',
]);

/** The same as JSON. */
export const PRINTS_JSON = new Set([
  'to_json',
  'to_jsonb',
  'row_to_json',
  'array_to_json',
  'json_build_object',
  'json_build_array',
  'jsonb_build_object',
  'jsonb_build_array',
  'json_agg',
  'jsonb_agg',
  'json_object_agg',
  'jsonb_object_agg',
  'json_object_agg_strict',
  'json_object_agg_unique',
  'jsonb_object_agg_strict',
  'jsonb_object_agg_unique',
]);

/** Functions that are stable because a value can be added to the enum that they list. */
export const LISTS_ENUM = new Set(['enum_first', 'enum_last', 'enum_range']);

/** Functions that are stable because they read JSON as the types of the columns listed. */
export const READS_JSON = new Set([
  'json_to_record',
  'json_to_recordset',
  'jsonb_to_record',
  'jsonb_to_recordset',
]);

/** Functions that are stable because they send what their argument is made of. */
export const SENDS_PARTS = new Set(['array_send', 'record_send', 'range_send', 'multirange_send']);

/**
 * Functions of extensions that are STABLE because a text search dictionary can be altered, as
 * to_tsvector(regconfig, text) could be, which is IMMUTABLE. `unaccent(text)` takes the dictionary
 * of its own schema.
 */
export const OF_EXTENSIONS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['unaccent', new Set(['unaccent(text)', 'unaccent(regdictionary, text)'])],
]);
