/** A check that ajv makes of a file of schema/ when the command is bundled. */
declare module 'schema-check:*' {
  const check: {
    (value: unknown): boolean;
    errors?: readonly import('ajv').ErrorObject[] | null;
  };
  // eslint-disable-next-line import-x/no-default-export -- bundlers know no other
  export default check;
}
