/** What the readers must know of a database to tell what names mean; loaded by the engine. */

/** What the resolver must know of a relation; loaded from the catalog by the engine. */
export type CatalogRelation = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** In order of attnum, dropped columns left out. */
  readonly columns: readonly { readonly name: string }[];
};

/** What the resolver must know of functions: everything the definition could call by name. */
export type CatalogFunction = {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'function' | 'aggregate' | 'window' | 'procedure';
  readonly returnsSet: boolean;
  /** Whether its body reads the time of the transaction, and nothing but settings beside it. */
  readonly readsTime?: boolean;
};

export type Catalog = {
  readonly relations: readonly CatalogRelation[];
  readonly functions: readonly CatalogFunction[];
};
