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

/** Of the same name, and not like these: the zone of a time of day is that of today. */
export const READS_THE_CLOCK = new Set(['timetz(time without time zone)']);

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
