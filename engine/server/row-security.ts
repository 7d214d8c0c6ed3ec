/** What the catalog says of row-level security, as SQL. */

/**
 * Whether a role, a row of pg_roles, has the policies of a table with row-level security, a row of
 * pg_class. As imat_catalog.policies_apply has it: before the first convert there is no catalog.
 */
export const policiesApply = (role: string, table: string): string =>
  `(NOT ${role}.rolsuper AND NOT ${role}.rolbypassrls AND (${table}.relforcerowsecurity
    OR NOT pg_has_role(${role}.oid, ${table}.relowner, 'USAGE')))`;

/** Whether a view, a row of pg_class, reads with the rights of who reads it. */
export const isSecurityInvoker = (view: string): string =>
  `EXISTS (SELECT FROM pg_options_to_table(${view}.reloptions) t
    WHERE t.option_name = 'security_invoker' AND t.option_value::boolean)`;
