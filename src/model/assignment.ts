/** `NAME=VALUE` taken apart at the first `=`; the value is undefined where there is none. */
export function assignment(text: string): readonly [name: string, value: string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Values by name, from the texts like `NAME=VALUE`; if a name comes twice, the last one counts. */
export function assignments(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map(assignment).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
