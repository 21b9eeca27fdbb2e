import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RULE_SET_VERSION, RULES } from '../../src/normalise/catalogue.ts';
import { ruleSet } from '../../src/normalise/rule-set.ts';
import { normalised, sample } from './sample-layer.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the catalogue', () => {
  test('lists every rule once, under the name of its file', () => {
    const files = readdirSync(resolve(root, 'src/normalise/rules')).map((name) =>
      name.replace(/\.ts$/, ''),
    );
    expect(RULES.map(({ id }) => id).sort()).toEqual(files.sort());
  });

  test('every rule is described in docs/normaliser.md as it describes itself', () => {
    const page = readFileSync(resolve(root, 'docs/normaliser.md'), 'utf8');
    const described = [
      ...page.matchAll(
        /^### (\S+)\n\n(.*)\n\n\*\*Touches:\*\* (.*)\n\n\*\*Why that is safe:\*\* (.*)$/gm,
      ),
    ];
    expect(described.map(([, id, line, touches, safe]) => ({ id, line, touches, safe }))).toEqual(
      RULES.map(({ id, kind, mode, answers, touches, safeBecause }) => ({
        id,
        line: `${kind}, ${mode}. Answers: ${answers}.`,
        touches,
        safe: safeBecause,
      })),
    );
    expect(page).toContain(`rule set version ${RULE_SET_VERSION}`);
  });

  test('modes', () => {
    expect(ruleSet('off')).toEqual({ id: '1-off', mode: 'off', rules: [] });
    expect(ruleSet('aggressive').rules).toEqual(RULES);
    expect(ruleSet('safe').rules).toEqual(RULES.filter(({ mode }) => mode === 'safe'));
    expect(ruleSet('safe').id).toBe('1-safe');
  });
});

describe('files that rules drop or empty', () => {
  test.each([
    [
      'package-logs',
      'safe',
      ['var/log/apt/history.log', 'var/log/dnf.rpm.log', 'var/log/apk.log', 'var/log/btmp'],
      ['var/log/app.log', 'srv/var/log/dpkg.log'],
    ],
    [
      'apt-cache',
      'safe',
      ['var/cache/apt/srcpkgcache.bin', 'var/lib/apt/lists/lock'],
      ['var/cache/apt/archives/a.deb', 'var/lib/apt/lists/deb_dists_InRelease'],
    ],
    ['ldconfig-cache', 'safe', ['var/cache/ldconfig/aux-cache'], ['etc/ld.so.cache']],
    [
      'debconf-backups',
      'safe',
      ['var/lib/dpkg/status-old', 'var/cache/debconf/config.dat-old'],
      ['var/lib/dpkg/status', 'var/cache/debconf/config.dat'],
    ],
    [
      'temporary-files',
      'safe',
      ['tmp/hsperfdata_root/7', 'tmp/node-compile-cache/v22/a/b', 'tmp/v8-compile-cache-0/x'],
      ['tmp/app/data', 'var/tmp/hsperfdata_root/7'],
    ],
    [
      'npm-cache',
      'aggressive',
      ['root/.npm/_cacache/tmp/a', 'home/u/.npm/_logs/x.log'],
      ['root/.npmrc', 'app/node_modules/a/.npmignore'],
    ],
    [
      'pip-cache',
      'aggressive',
      ['root/.cache/pip/http/a', 'root/.cache/uv/a'],
      ['root/.cache/app/a'],
    ],
    [
      'gem-logs',
      'aggressive',
      ['var/lib/gems/ext/a/gem_make.out', 'x/mkmf.log'],
      ['x/gem_make.out.rb'],
    ],
    ['machine-id', 'aggressive', ['etc/machine-id'], ['srv/etc/machine-id']],
  ] as const)('%s', async (id, mode, meant, spared) => {
    const { result } = await normalised(
      [...meant, ...spared].map((path) => sample(path, 'x')),
      { rules: ruleSet('aggressive') },
    );
    expect(result.touched).toEqual(meant.map((path) => ({ path, rule: id })));
    const rule = RULES.find((one) => one.id === id);
    expect(rule?.mode).toBe(mode);
  });
});
