/**
 * The definitions that are maintained by delta: at least these. `coverage.mjs` prints which of the
 * others are as well, so that they can be added.
 */
const NAMES = {
  aggregates: `
    agg_any_all
  `,
  composition: `
    cte_of_filter having_without_group
  `,
  'corners of groups': `
    corner_distinct_group corner_union_types
  `,
  'failing expressions': `
    fails_array fails_cast fails_cast_filtered fails_date fails_division fails_division_case
    fails_division_grouped fails_division_guarded fails_division_having
    fails_division_of_sums fails_join_condition fails_json fails_log_grouped fails_overflow
    fails_root fails_substring
  `,
  laterals: `
    lateral_expression
  `,
  'latest rows': `
    distinct_plain
  `,
  limits: `
    order_group order_only
  `,
  plain: `
    plain_any_array plain_columns plain_cross plain_enum_order plain_every_type plain_filter
    plain_group plain_group_array_key plain_group_booleans plain_group_case plain_group_date
    plain_group_enum_key plain_group_expression plain_group_filter plain_group_floats
    plain_group_having plain_group_intervals plain_group_joined plain_group_keys
    plain_group_month plain_group_numeric_key plain_group_ratio plain_group_reals
    plain_group_scales plain_group_statistics plain_group_sums plain_join plain_join_four
    plain_join_inequality plain_join_no_equality plain_join_nulls plain_join_or
    plain_join_three plain_json plain_json_path plain_like plain_natural plain_no_key
    plain_same_column_twice plain_self plain_total plain_total_empty plain_view
    plain_whole_row
  `,
  reports: `
    report_pivot
  `,
  'semi-joins': `
    any_of_array
  `,
  'set operations': `
    union_all union_all_bag union_grouped
  `,
  'set-returning functions': `
    srf_json_each srf_json_elements srf_ordinality srf_regexp srf_rows_from srf_selected
    srf_series srf_series_grouped srf_unnest srf_unnest_grouped srf_values
  `,
  'shapes of ClickBench': `
    hits_average hits_by_engine hits_count hits_count_where hits_like hits_many_sums
    hits_one_visitor hits_sums
  `,
  'shapes of TPC-H': `
    tpch_1 tpch_12 tpch_14 tpch_19 tpch_5 tpch_6 tpch_7 tpch_8 tpch_9
  `,
  'shapes of the Star Schema Benchmark': `
    ssb_1_1 ssb_1_2 ssb_1_3 ssb_2_1 ssb_2_2 ssb_2_3 ssb_3_1 ssb_3_2 ssb_3_3 ssb_3_4 ssb_4_1
    ssb_4_2 ssb_4_3
  `,
  'time and settings': `
    zone_at_utc zone_bin zone_compare_constant
  `,
};

export const DELTA: ReadonlySet<string> = new Set(
  Object.values(NAMES).flatMap((names) => names.trim().split(/\s+/)),
);
