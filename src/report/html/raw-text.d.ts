/** A file's text, put in when the command is bundled (scripts/bundle/plugins.mjs). */
declare module '*?raw' {
  const text: string;
  // eslint-disable-next-line import-x/no-default-export -- vitest needs it
  export default text;
}
