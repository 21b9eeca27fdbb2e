import type { InstalledName } from '../../../model/build-analysis.ts';
import { named } from './install-context.ts';

const PYTHON_EXACT = /^[^*<>~!]+$/;
const NAME = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(.*)/s;

/** One requirement (PEP 508) with its pin; undefined where the text is none (an address, a folder). */
export function requirement(text: string): InstalledName | undefined {
  const parts = NAME.exec((text.split(';')[0] ?? '').trim());
  if (parts === null || /^(?:@|:\/\/)/.test(parts[2] ?? '') || text.includes('/')) return undefined;
  const [, name = '', rest = ''] = parts;
  // Of `==1.2,>=1` the first decides: an exact pin leaves no room for the others.
  const pin = /={2,3}\s*([^,\s]+)/.exec(rest)?.[1] ?? '';
  return named(name, pin, PYTHON_EXACT);
}

interface Requirements {
  readonly packages: readonly InstalledName[];
  /** Every line carries a hash, which makes pip check all of them. */
  readonly hashed: boolean;
  /** Other files that it includes (`-r base.txt`). */
  readonly includes: readonly string[];
}

/** A requirements file as pip reads it: comments, continued lines, options, one requirement a line. */
export function parseRequirements(text: string): Requirements {
  const lines = text
    .slice(0, 1024 * 1024)
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) =>
      line
        .replace(/(?:^|\s)#.*/s, '')
        .trim()
        .replace(/^(?:-e|--editable)[ =]+/, ''),
    )
    .filter((line) => line !== '');
  const includes = lines.flatMap((line) => /^(?:-r|--requirement)[ =]*(\S+)/.exec(line)?.[1] ?? []);
  const wanted = lines.filter((line) => !line.startsWith('-'));
  const packages = wanted.map((line) => {
    const [bare = ''] = line.split(/\s--/);
    const commit = /^[^@]*@\s*\S+[@#=]([0-9a-f]{40,64})\b/.exec(bare)?.[1];
    const name = bare.split(/[\s@]/)[0] ?? bare;
    return requirement(bare) ?? (commit === undefined ? { name } : { name, pin: commit });
  });
  return {
    packages,
    hashed: wanted.length > 0 && wanted.every((line) => line.includes('--hash=')),
    includes,
  };
}
