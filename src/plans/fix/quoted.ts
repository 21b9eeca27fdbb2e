/** A value in double quotes as LABEL and ENV read it: quotes, `$` and the escape character are taken literally. */
export function quoted(value: string, escape: string): string {
  const bare = /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
  const special = new Set(['"', '$', escape]);
  return `"${Array.from(bare, (c) => (special.has(c) ? `${escape}${c}` : c)).join('')}"`;
}
