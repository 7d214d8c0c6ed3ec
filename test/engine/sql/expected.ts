/**
 * The definitions that are maintained by delta: at least these. `coverage.mjs` prints which of the
 * others are as well, so that they can be added.
 */
const NAMES = {
  aggregates: `
    agg_any_all agg_array agg_array_distinct agg_array_filter agg_array_nulls agg_bits
    agg_count_distinct agg_count_distinct_coarse agg_count_distinct_row agg_count_distinct_total
    agg_count_distinct_two agg_distinct_filter agg_distinct_joined agg_hypothetical agg_json
    agg_json_build agg_json_object agg_json_object_ordered agg_jsonb agg_key_expression
    agg_key_nullable agg_max agg_max_array agg_max_dates agg_max_enum agg_max_filter
    agg_max_float agg_max_having agg_max_interval agg_max_joined agg_max_scales agg_max_text
    agg_max_total agg_min_max_count agg_mixed agg_mode agg_ordered_expression agg_percentile
    agg_percentile_filter agg_percentiles agg_ranges agg_string agg_string_distinct
    agg_sum_distinct agg_total_of_groups
  `,
  calendar: `
    days_between days_by_month days_cast days_chain days_cte days_cte_of_function days_except
    days_except_from days_full days_full_nullable_key days_full_using days_having days_in
    days_inner days_lateral days_left days_limited days_list days_missing days_month_of_day
    days_moving
    days_not_in days_null_safe days_of_group days_of_inner days_of_table days_of_two_groups
    days_overlap days_preserved_other days_range days_recent days_recent_until
    days_repeated_list days_right days_rollup days_row days_running days_scalar
    days_scalar_range days_subquery days_trunc days_twice days_two_tables days_union days_until
    days_using days_where days_zoned list_division list_enum list_labels list_ordinality
    list_rows list_rows_from list_status list_thresholds list_through list_unnamed list_unnest
    months_crossed months_crossed_region series_by_product series_hours series_numbers
    series_of_view series_other_type series_sum zone_days zone_days_cte zone_days_placed
    zone_days_range zone_days_trunc zone_months
  `,
  composition: `
    average_of_sums cte_materialized cte_of_filter group_against_its_average group_cross_total
    group_expression_after group_filtered_after group_joined group_joined_and_grouped
    group_of_distinct group_of_group group_of_having group_of_left_group group_of_semi_join
    group_twice groups_in_chain having_exists having_in having_most having_share
    having_without_group max_of_counts three_groups_joined three_levels two_groups_joined
  `,
  constants: `
    constant_calendar constant_groups constant_last_days constant_limit constant_no_row
    constant_now constant_row constant_today
    constant_total constant_union constant_values constant_window
    no_columns no_columns_grouped no_columns_joined
  `,
  'corners of groups': `
    corner_array_of_rows corner_case_key corner_constant_key corner_distinct_group
    corner_distinct_on_left corner_except_of_group corner_group_of_full corner_grouping_having
    corner_json_filter corner_max_of_group_max corner_scales_key corner_scales_partition
    corner_string_null corner_sum_distinct_filter corner_total_having corner_union_of_limits
    corner_union_types corner_user_aggregate corner_user_function corner_window_key_of_two
    corner_window_of_distinct corner_window_of_exists corner_window_of_union
    corner_window_two_levels corner_zero_partition
  `,
  'corners of joins': `
    corner_chain_back corner_coalesced_key corner_count_row corner_dependent_columns
    corner_key_of_both_sides corner_left_of_limit corner_left_of_union corner_left_of_window
    corner_natural_left corner_negative_zero corner_null_safe_on corner_nullable_key
    corner_on_false corner_on_is_null corner_on_null corner_on_or corner_preserved_condition
    corner_scales_joined corner_self_twice corner_statistics_left corner_strict_above
    corner_three_full corner_types_joined
  `,
  'corners of subqueries': `
    corner_array_contains corner_correlated_distinct corner_correlated_expression
    corner_correlated_group_by corner_correlated_null_safe corner_correlated_or
    corner_correlated_twice corner_correlated_union corner_cte_twice corner_equal_all
    corner_exists_aggregate corner_exists_having corner_exists_in_case corner_exists_in_on
    corner_exists_offset corner_exists_union corner_in_is_null corner_lateral_two
    corner_limit_of_subquery corner_not_in_row corner_not_of_in corner_outer_aggregate
    corner_scalar_null corner_scalar_order corner_scalar_row corner_two_levels
  `,
  'failing expressions': `
    fails_array fails_cast fails_cast_filtered fails_cast_grouped fails_date fails_division
    fails_division_case fails_division_grouped fails_division_guarded fails_division_having
    fails_division_of_sums fails_enum fails_exists fails_join_condition fails_json fails_left
    fails_log_grouped fails_overflow fails_root fails_scalar fails_substring fails_union
    fails_window fails_window_after
  `,
  'grouping sets': `
    cube_three cube_two rollup_grouping rollup_two sets_and_key sets_average sets_distinct
    sets_having sets_left sets_no_total sets_three sets_twice
  `,
  laterals: `
    lateral_aggregate lateral_aggregate_filtered lateral_chain lateral_distinct
    lateral_expression lateral_group lateral_inequality lateral_left_top lateral_of_group
    lateral_offset lateral_then_group lateral_top_one lateral_top_three lateral_uncorrelated
    lateral_union lateral_window lateral_with_ties
  `,
  'latest rows': `
    distinct_of_window distinct_on_expression distinct_on_group distinct_on_no_key
    distinct_on_pair distinct_on_then_group distinct_plain latest_anti_join latest_array
    latest_distinct_on latest_equals_max latest_first_value latest_in_pairs latest_joined
    latest_lateral latest_left_lateral latest_max_join latest_not_exists latest_of_good
    latest_row_number
  `,
  limits: `
    limit_distinct limit_groups limit_groups_by_count limit_groups_having limit_groups_offset
    limit_groups_with_ties limit_inside limit_inside_joined limit_joined limit_left_groups
    limit_no_key limit_nulls_first limit_of_expression limit_offset limit_offset_only
    limit_rows limit_with_ties limit_zero order_group order_only
  `,
  'outer joins': `
    full_group full_list full_nested full_two_groups full_using group_of_left_of_group
    inner_of_left inner_then_left left_chain left_condition_on_nullable
    left_condition_on_preserved left_constant_inside left_distinct left_from_no_key
    left_group_by_both_sides left_group_by_column left_group_by_key left_group_by_nullable_side
    left_having left_inequality left_list left_list_no_key left_max left_mixed_types left_next
    left_no_equality left_of_distinct left_of_group left_of_inner left_of_two_groups
    left_on_expression left_self left_self_group left_total left_true left_two_siblings
    left_using left_where_coalesce left_where_null left_where_strict right_group right_list
  `,
  plain: `
    plain_any_array plain_columns plain_cross plain_enum_order plain_enum_text plain_every_type
    plain_filter plain_group plain_group_array_key plain_group_booleans plain_group_case
    plain_group_date plain_group_enum_key plain_group_expression plain_group_filter
    plain_group_floats plain_group_having plain_group_intervals plain_group_joined
    plain_group_keys plain_group_month plain_group_numeric_key plain_group_ratio
    plain_group_reals plain_group_scales plain_group_statistics plain_group_sums plain_join
    plain_join_four plain_join_inequality plain_join_no_equality plain_join_nulls plain_join_or
    plain_join_three plain_json plain_json_path plain_like plain_natural plain_no_key
    plain_same_column_twice plain_self plain_total plain_total_empty plain_view
    plain_view_of_group plain_view_of_left plain_whole_row
  `,
  recursion: `
    recursive_depth recursive_paths recursive_referrers recursive_tree
  `,
  reports: `
    report_best_product report_category_share report_cohorts report_customers
    report_daily_visits report_enums report_funnel report_inactive report_json
    report_last_30_days report_monthly_revenue report_overdue report_pivot
    report_running_revenue report_stock report_top_customers report_view_over_view
  `,
  'scalar subqueries': `
    scalar_array scalar_by_key scalar_coalesced scalar_count scalar_difference scalar_having
    scalar_having_uncorrelated scalar_in_aggregate scalar_in_case scalar_in_join
    scalar_inequality scalar_limit scalar_max scalar_nested scalar_over_group scalar_share
    scalar_string scalar_sum scalar_two scalar_uncorrelated scalar_where scalar_where_count
    scalar_where_equal scalar_where_uncorrelated scalar_where_zero
  `,
  'semi-joins': `
    all_greater all_unequal any_equal any_less any_of_array exists_aggregated exists_condition
    exists_group exists_group_inside exists_inequality exists_join_inside exists_list
    exists_nested exists_nested_reaching_out exists_no_equality exists_no_key exists_or
    exists_selected exists_two exists_uncorrelated in_correlated in_group in_list in_pair
    in_selected in_union in_with_nulls_selected not_exists_and_exists not_exists_condition
    not_exists_group not_exists_list not_exists_not_exists not_exists_self not_in_correlated
    not_in_group not_in_list not_in_nullable_left not_in_with_nulls semi_over_left
    some_correlated
  `,
  'set operations': `
    except_all except_grouped except_ids except_nulls except_of_union except_self intersect_all
    intersect_ids intersect_of_groups intersect_pairs union_all union_all_bag
    union_all_then_union union_columns union_distinct_grouped union_grouped union_joined
    union_mixed_types union_of_groups union_of_joins union_of_outer_join union_of_same
    union_order_limit union_pairs union_then_all union_three union_values union_with_nulls
  `,
  'set-returning functions': `
    srf_dates srf_json_each srf_json_elements srf_left srf_ordinality srf_regexp srf_rows_from
    srf_selected srf_selected_grouped srf_series srf_series_grouped srf_subquery_array
    srf_unnest srf_unnest_grouped srf_values
  `,
  'shapes of ClickBench': `
    hits_all_columns hits_area_all hits_area_visitors hits_average hits_by_engine
    hits_constant_key hits_count hits_count_where hits_days hits_engine_ips hits_engine_phrases
    hits_hashes hits_like hits_like_phrase hits_like_titles hits_links hits_many_sums
    hits_minutes hits_models hits_one_visitor hits_pages hits_phone_models hits_phrase_by_time
    hits_phrase_sorted hits_phrase_visitors hits_phrases hits_referers hits_shifted_keys
    hits_sources hits_sums hits_titles hits_top_phrases hits_top_ties hits_top_urls
    hits_top_visitors hits_unordered_limit hits_url_lengths hits_visitor_minutes
    hits_visitor_phrases hits_visitors hits_watch_ips hits_watch_ips_all hits_windows
  `,
  'shapes of TPC-H': `
    tpch_1 tpch_10 tpch_11 tpch_12 tpch_13 tpch_14 tpch_15 tpch_16 tpch_17 tpch_18 tpch_19
    tpch_2 tpch_20 tpch_21 tpch_22 tpch_3 tpch_4 tpch_5 tpch_6 tpch_7 tpch_8 tpch_9
  `,
  'shapes of the Star Schema Benchmark': `
    ssb_1_1 ssb_1_2 ssb_1_3 ssb_2_1 ssb_2_2 ssb_2_3 ssb_3_1 ssb_3_2 ssb_3_3 ssb_3_4 ssb_4_1
    ssb_4_2 ssb_4_3
  `,
  ties: `
    ties_array ties_array_unordered ties_distinct_on ties_distinct_on_no_key ties_first_value
    ties_lag ties_lateral ties_limit ties_limit_groups ties_ntile ties_row_number
    ties_rows_frame ties_scalar ties_string
  `,
  'time and settings': `
    moment_age moment_aged moment_between moment_buckets moment_case moment_date
    moment_days_since moment_future moment_idle moment_joined moment_left moment_left_aged
    moment_open_end moment_overdue moment_recent moment_recent_group moment_same_day
    moment_same_month moment_same_year moment_score moment_stamped moment_sum zone_at_utc zone_bin
    zone_compare zone_compare_constant
    zone_date zone_day zone_day_named zone_epoch zone_extract zone_plus_days zone_plus_hours
    zone_text
  `,
  windows: `
    latest_beside_query window_around_query
    window_array window_beside_array window_beside_query window_beside_query_joined
    window_beside_query_of_groups window_beside_query_of_keys window_beside_two_queries
    window_by_query window_of_query_in_cte window_count window_deduplicated window_exclude_ties
    window_expression_key
    window_filter window_filtered_after window_first_last window_gaps window_groups_frame
    window_joined window_lag window_lag_default window_lag_over_group window_lead
    window_left_joined window_nested_partitions window_no_key window_no_partition_rank
    window_no_partition_running window_no_partition_total window_node_tree window_nth
    window_ntile window_over_group window_partition_over_group window_percent_rank
    window_range_frame window_rank window_row_number window_rows_frame window_running
    window_share window_share_of_total window_then_group window_two_partitions
    window_where_before
  `,
};

export const DELTA: ReadonlySet<string> = new Set(
  Object.values(NAMES).flatMap((names) => names.trim().split(/\s+/)),
);
