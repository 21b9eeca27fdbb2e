import fc from 'fast-check';
import { expect, test } from 'vitest';
import { publicAddress, publicHeader } from '../../src/reproduce/record.ts';
import { tableRows } from '../fakes/table.ts';

test.each(tableRows('test/reproduce/public-address.tsv'))('%s %s', (kind, text, kept) => {
  const shown = kind === 'header' ? publicHeader : publicAddress;
  expect(shown(text.replace('@NPM', `npm_${'a'.repeat(36)}`))).toBe(kept);
});

test('masks what is masked once more in the same way, and keeps no value of a secret’s parameter', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9%._-]{1,12}$/);
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), part, part, (url, user, secret) => {
      const { host, pathname, search } = new URL(url);
      const query = `${search === '' ? '?' : `${search}&`}api_key=<${secret}>`;
      const shown = publicAddress(
        `https://${encodeURIComponent(user)}:p@${host}${pathname}${query}`,
      );
      expect(publicAddress(shown)).toBe(shown);
      expect(shown.endsWith('api_key=REDACTED') || !shown.includes(`<${secret}>`)).toBe(true);
      expect(new URL(shown).username).toBe('');
    }),
  );
});
