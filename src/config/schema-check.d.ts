/** A check that ajv makes of a file of schema/ when the command is bundled. */
declare module 'schema-check:*' {
  interface Found {
    readonly keyword: string;
    readonly instancePath: string;
    readonly schemaPath: string;
    readonly params: Readonly<
      Partial<Record<'missingProperty' | 'additionalProperty' | 'propertyName', string>>
    >;
  }
  const check: {
    (value: unknown): boolean;
    errors?: readonly Found[] | null;
  };
  // eslint-disable-next-line import-x/no-default-export -- bundlers know no other
  export default check;
}
