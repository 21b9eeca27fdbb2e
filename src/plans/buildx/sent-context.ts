/** The arguments behind `docker` with another folder as context, which is their last word. */
export function withContext(argv: readonly string[], directory: string): readonly string[] {
  return [...argv.slice(0, -1), directory];
}

/** The same with another Dockerfile: the last `--file` counts, and the context stays the last word. */
export function withFile(argv: readonly string[], file: string): readonly string[] {
  const end = argv.at(-2) === '--' ? -2 : -1;
  return [...argv.slice(0, end), `--file=${file}`, ...argv.slice(end)];
}

/** What a word `--build-context=NAME=VALUE` names, where the value may be a path: no image, layout, stage or address. */
export function namedContext(
  word: string,
): { readonly name: string; readonly path: string } | undefined {
  const [, name, path] = /^--build-context=([^=]*)=(.*)$/s.exec(word) ?? [];
  if (name === undefined || path === undefined || path === '') return undefined;
  return /^(?:[a-z-]+:\/\/|target:|git@|github\.com\/)/.test(path) ? undefined : { name, path };
}
