import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type RunTool, runTool } from '../../src/lib/run-tool.ts';
import { type ScanTarget, scanWith } from '../../src/scan/scanners.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const SETTINGS = [
  ...['trivy.yaml', '.trivyignore', '.trivyignore.yaml', '.grype.yaml', '.grype/config.yaml'],
  '.config/grype/config.yaml',
];

/** Writes down where it runs, with what, and which settings of scanners lie there. */
const FAKE = `#!/bin/sh
{
  echo "cwd $(pwd -P)"
  for word in "$@"; do echo "word $word"; done
  env | sed 's/^/env /'
  for name in ${SETTINGS.join(' ')}; do [ -e "$name" ] && echo "settings $name"; done
} > "$0.seen"
exit 1
`;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('settings files of scanners in a cloned repository do not count', () => {
  test.each([
    ['trivy', 'layout'],
    ['trivy', 'sbom'],
    ['grype', 'layout'],
    ['grype', 'sbom'],
  ] as const)('%s, %s of the clone', async (name, kind) => {
    const clone = temporaryFolder();
    const layout = join(clone, 'layout');
    for (const folder of ['.grype', '.config/grype', 'layout/.grype', 'layout/.config/grype'])
      mkdirSync(join(clone, folder), { recursive: true });
    for (const file of SETTINGS)
      for (const where of [clone, layout]) writeFileSync(join(where, file), 'ignore: all\n');
    const bin = temporaryFolder();
    writeFileSync(join(bin, name), FAKE);
    chmodSync(join(bin, name), 0o755);
    vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
    // As where the person's shell stands in the clone.
    const run: RunTool = (what) => runTool({ ...what, cwd: what.cwd ?? clone });
    const target: ScanTarget =
      kind === 'layout'
        ? { kind, dir: layout }
        : { kind, file: join(temporaryFolder(), 'sbom.json') };
    expect((await scanWith(name, run, { target, offline: true, now: 0 })).ok).toBe(false);

    const seen = readFileSync(join(bin, `${name}.seen`), 'utf8')
      .trimEnd()
      .split('\n');
    const of = (what: string): readonly string[] =>
      seen.filter((line) => line.startsWith(`${what} `)).map((l) => l.slice(what.length + 1));
    expect(of('cwd')).toEqual(['/']);
    expect(of('settings')).toEqual([]);
    // The one thing of the clone that is named is what is scanned.
    const named = of('word').filter((word) => word.includes(clone));
    expect(named.map((word) => word.replace(/^oci-dir:/, ''))).toEqual(
      kind === 'layout' ? [layout] : [],
    );
    expect(of('word').filter((word) => /config|ignore/.test(word))).toEqual([]);
    expect(of('env').filter((line) => line.includes(clone))).toEqual([]);
  });
});
