\echo Use "CREATE EXTENSION table_change_tracker" to load this file. \quit
