import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listSettings, withSettingRows } from '../../scripts/settings-list.ts';
import { BUILDX_FLAGS, OWN_FLAGS } from '../../src/build/flags.ts';
import { parseSettings } from '../../src/config/settings.ts';

const PAGE = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

describe('docs/configuration.md', () => {
  test('has the rows that the schema of the settings makes', () => {
    expect(withSettingRows(PAGE)).toBe(PAGE);
    const rows = PAGE.split('\n').filter((line) => /^\| `[a-zA-Z.[\]*]+` /.test(line));
    expect(rows.map((row) => row.split('`')[1])).toEqual(listSettings().map(({ path }) => path));
  });

  test('its examples are settings', async () => {
    const examples = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const parsed = await parseSettings(example, { file: 'example', now: 0 });
      expect(parsed).toMatchObject({ ok: true });
    }
  });
});

describe('listSettings', () => {
  test('flags are flags', () => {
    const known = [...OWN_FLAGS, ...BUILDX_FLAGS].map((flag) => `--${flag.name}`);
    const flags = listSettings().flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
  });
});
