import { describe, expect, test } from 'vitest';
import { maintainer } from '../../src/criteria/annotations.ts';
import { fixed } from './support.ts';

describe('maintainer', () => {
  test.each([
    ['a name', 'MAINTAINER Jo Do', 'LABEL org.opencontainers.image.authors="Jo Do"'],
    [
      'lower case, blanks around',
      '  maintainer   jo  ',
      '  LABEL org.opencontainers.image.authors="jo"  ',
    ],
    ['quoted as a whole', 'MAINTAINER "Jo Do"', 'LABEL org.opencontainers.image.authors="Jo Do"'],
    [
      'quotes and variables inside',
      'MAINTAINER "Jo" <$a@b>',
      'LABEL org.opencontainers.image.authors="\\"Jo\\" <\\$a@b>"',
    ],
  ])('%s', async (_, before, after) => {
    const found = await fixed(maintainer, `FROM a\n${before}\n# end`);
    expect(found).toMatchObject({
      text: `FROM a\n${after}\n# end`,
      ids: ['maintainer:authors'],
      again: [],
    });
  });

  test('CRLF and a byte order mark stay', async () => {
    const { text } = await fixed(maintainer, '\uFEFFFROM a\r\nMAINTAINER jo\r\nRUN b\r\n');
    expect(text).toBe('\uFEFFFROM a\r\nLABEL org.opencontainers.image.authors="jo"\r\nRUN b\r\n');
  });

  test('the file’s escape character is the one that hides', async () => {
    const { text } = await fixed(maintainer, '# escape=`\nFROM a\nMAINTAINER a\\b$\n');
    expect(text).toBe('# escape=`\nFROM a\nLABEL org.opencontainers.image.authors="a\\b`$"\n');
  });

  test.each([
    ['ok-label', 'LABEL maintainer="jo"'],
    [
      'ok-ignored',
      '# scoville: ignore=maintainer-deprecated a tool of ours reads it\nMAINTAINER jo',
    ],
    ['ok-comment', '# MAINTAINER jo'],
    ['ok-heredoc', 'RUN cat <<E\nMAINTAINER jo\nE'],
  ])('%s', async (_, line) => {
    const text = `FROM a\n${line}\n`;
    expect(await fixed(maintainer, text)).toMatchObject({ text, ids: [], refusals: [] });
  });
});
