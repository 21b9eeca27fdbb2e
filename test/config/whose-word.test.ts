import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, SETTING_LEAVES } from '../../src/config/schema.ts';
import { counts, mergeSettings, type SettingsLayer } from '../../src/config/settings.ts';
import { yamlTable } from '../fakes/table.ts';

const LEAVES = SETTING_LEAVES;

/** Every setting, by whose word it takes. */
const SCOPES: unknown = yamlTable('test/config/whose-word.yaml');

/** What counts, by scope: [named, user's own, project's] for a project's build, and for images. */
const COUNTS = {
  image: { project: [true, true, true], image: [false, false, false] },
  project: { project: [true, true, true], image: [true, true, false] },
  user: { project: [true, true, true], image: [true, true, false] },
  person: { project: [true, true, false], image: [true, true, false] },
} as const;

describe('whose word a setting takes', () => {
  test('every setting has its place in the table', () => {
    const listed = (scope: string) =>
      LEAVES.filter((leaf) => leaf.scope === scope).map(({ path }) => path.join('.'));
    const scopes = ['image', 'project', 'user', 'person'] as const;
    expect(Object.fromEntries(scopes.map((scope) => [scope, listed(scope)]))).toEqual(SCOPES);
  });

  test.each(LEAVES.map((leaf) => [leaf.path.join('.'), leaf] as const))('%s', (name, leaf) => {
    const sources = ['named', 'user', 'project'] as const;
    const found = (task: 'project' | 'image') => sources.map((s) => counts(leaf, s, task));
    const asksForMore = name === 'gate.minLevel' || name === 'gate.minGrade';
    expect(found('project')).toEqual(COUNTS[leaf.scope].project);
    expect(found('image')).toEqual(asksForMore ? [true, true, true] : COUNTS[leaf.scope].image);
  });
});

function layer(source: SettingsLayer['source'], given: SettingsLayer['given']): SettingsLayer {
  return { source, file: `/${source}.yaml`, given };
}

describe('mergeSettings', () => {
  test('of trust the person’s word goes above the project’s, of the build the project’s', () => {
    const said = { osv: { url: 'https://p' }, reproducible: { mode: 'off' }, lock: true };
    const own = { osv: { url: 'https://u' }, reproducible: { mode: 'aggressive' } };
    const layers = [layer('project', said), layer('user', own)];
    const settings = mergeSettings(layers, 'project');
    expect([settings.osv.url, settings.reproducible.mode, settings.lock]).toEqual([
      'https://u',
      'off',
      true,
    ]);
    expect(settings.origins).toEqual([
      { setting: 'reproducible.mode', source: 'project', file: '/project.yaml', isTrust: false },
      { setting: 'lock', source: 'project', file: '/project.yaml', isTrust: false },
      { setting: 'osv.url', source: 'user', file: '/user.yaml', isTrust: true },
    ]);
  });

  test('a project does not say how registries are reached, not even for its own build', () => {
    const registries = { 'ghcr.io': { plainHttp: true, tokenServer: 'evil.example' } };
    const { ignored, ...settings } = mergeSettings([layer('project', { registries })], 'project');
    expect(settings.registries).toEqual({});
    expect(ignored).toEqual([{ file: '/project.yaml', settings: ['registries'] }]);
    expect(mergeSettings([layer('user', { registries })], 'image').registries).toEqual(registries);
  });

  test('for images a project’s word of trust is ignored, and named', () => {
    const said = {
      trust: { keys: ['/clone/k.pub'], images: ['*'] },
      osv: { url: 'http://evil.example' },
      registries: { 'evil.example': { plainHttp: true } },
      sign: { key: '/clone/k.key' },
      secrets: { use: 'none' },
      gate: { waivers: [{ criterion: 'signed', reason: 'x' }] },
      vex: ['/clone/vex.json'],
      recentDays: 36_500,
      offline: true,
      scanner: 'none',
    };
    const { ignored, ...settings } = mergeSettings([layer('project', said)], 'image');
    expect(settings).toEqual({ ...DEFAULT_SETTINGS, ignored: undefined });
    expect(ignored[0]?.settings.toSorted()).toEqual([
      ...['gate.waivers', 'offline', 'osv.url', 'recentDays', 'registries', 'scanner'],
      ...['secrets.use', 'sign.key', 'trust.images', 'trust.keys', 'vex'],
    ]);
  });

  test.each([
    [3, 1, 3],
    [1, 3, 3],
  ])(
    'the gate of one file cannot undercut the other’s: user %i, project %i',
    (mine, theirs, want) => {
      const layers = [
        layer('user', { gate: { minLevel: mine, minGrade: 'A' } }),
        layer('project', { gate: { minLevel: theirs, minGrade: 'B' } }),
      ];
      for (const task of ['project', 'image'] as const) {
        const { gate } = mergeSettings(layers, task);
        expect([gate.minLevel, gate.minGrade]).toEqual([want, 'A']);
      }
    },
  );

  test('a named file’s gate is what was asked for', () => {
    const layers = [
      layer('named', { gate: { minLevel: 1 } }),
      layer('user', { gate: { minLevel: 3 } }),
    ];
    expect(mergeSettings(layers, 'image').gate.minLevel).toBe(1);
  });

  test('a project’s waivers are of its own gate', () => {
    const waivers = [{ criterion: 'no-shell', reason: 'x' }];
    const project = layer('project', { gate: { minLevel: 1, waivers } });
    expect(mergeSettings([project], 'project').gate.waivers).toEqual(waivers);
    const strict = mergeSettings([layer('user', { gate: { minLevel: 3 } }), project], 'project');
    expect([strict.gate.waivers, strict.ignored]).toEqual([
      [],
      [{ file: '/project.yaml', settings: ['gate.waivers'] }],
    ]);
  });

  test('a key of one file and keyless of the other: the person decides', () => {
    const key = { sign: { key: '/k' } };
    const keyless = { sign: { keyless: true } };
    const byPerson = mergeSettings([layer('user', keyless), layer('project', key)], 'project');
    expect(byPerson.sign).toEqual({ ...DEFAULT_SETTINGS.sign, keyless: true });
    const byProject = mergeSettings([layer('user', key), layer('project', keyless)], 'project');
    expect(byProject.sign).toEqual({ ...DEFAULT_SETTINGS.sign, key: '/k' });
  });
});
