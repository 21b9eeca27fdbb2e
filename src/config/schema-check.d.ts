/** A check that ajv makes of a file of schema/ when the command is bundled. */
declare module 'schema-check:*' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports -- none else is relative here
  const check: import('./document.ts').SchemaCheck;
  // eslint-disable-next-line import-x/no-default-export -- the bundler makes only this
  export default check;
}
