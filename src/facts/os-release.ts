import { oneLine } from '../model/clean-text.ts';
import type { OsRelease } from '../model/packages.ts';

function unquoted(value: string): string {
  const quoted = /^(["'])([^]*)\1$/.exec(value);
  return (quoted?.[2] ?? value).replace(/\\([\\"'$`])/g, '$1');
}

function clean(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : oneLine(value).slice(0, 200);
}

/** Reads os-release(5); undefined where it lacks an ID, which the format then takes for `linux`. */
export function parseOsRelease(text: string): OsRelease | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n').slice(0, 200)) {
    const found = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    if (found !== null) fields.set(found[1] ?? '', unquoted(found[2] ?? ''));
  }
  if (fields.size === 0) return undefined;
  const versionId = clean(fields.get('VERSION_ID'));
  const versionCodename = clean(fields.get('VERSION_CODENAME'));
  const prettyName = clean(fields.get('PRETTY_NAME'));
  return {
    id: clean(fields.get('ID')) ?? 'linux',
    ...(versionId === undefined ? {} : { versionId }),
    ...(versionCodename === undefined ? {} : { versionCodename }),
    ...(prettyName === undefined ? {} : { prettyName }),
  };
}
