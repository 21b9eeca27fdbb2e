import { describe, expect, test } from 'vitest';
import { downloads } from '../support.ts';

const FPR = 'E58830201F7DD82CD808AA84160D26BB1785BA38';
const WEAK = '(other keys in the same file are not ruled out)';
const GET = 'curl -fo KEYS https://x.org/KEYS';
const IMPORT = `${GET} && gpg --batch --import KEYS`;

describe('keys that are told by their fingerprint', () => {
  test.each([
    ['exported alone', `${IMPORT} && gpg --batch --export --armor ${FPR} > /etc/k.asc`],
    [
      'exported in a loop, and used in another keyring',
      `set -e; ${IMPORT}; for key in ${FPR} ${FPR.replace('E5', 'A5')}; do gpg --fingerprint "$key"; gpg --export "$key" >> own; done; rm -rf "$GNUPGHOME"; gpg --import own; gpg --verify f.asc f`,
    ],
    ['piped', `curl -f https://x.org/KEYS | gpg --import && gpg --export ${FPR} > /etc/k.gpg`],
    ['by an option', `${IMPORT} && gpg --output /etc/k.gpg --export ${FPR}`],
  ])('%s', (_name, run) => {
    expect(downloads(`RUN ${run}`)).toEqual(['curl: gpg --export of a fingerprint']);
  });

  test.each([
    `${GET} && gpg --show-keys --with-colons KEYS | grep -q ${FPR}`,
    `${IMPORT} && gpg --fingerprint --with-colons | grep -q "^fpr:::::::::${FPR}:"`,
  ])('looked for: %s', (run) => {
    expect(downloads(`RUN ${run}`)).toEqual([`curl: fingerprint looked for ${WEAK}`]);
  });

  test.each([
    ['a name is no fingerprint', `${IMPORT} && gpg --export ops@x.org > /etc/k.gpg`],
    ['nor is a short number', `${IMPORT} && gpg --export 1785BA38 > /etc/k.gpg`],
    ['all of them', `${IMPORT} && gpg --export > /etc/k.gpg`],
    [
      'and all of them check a file',
      `${IMPORT} && gpg --export ${FPR} > /etc/k.gpg && gpg --verify f.asc f`,
    ],
    [
      '… however much stands between',
      `${IMPORT} && gpg --export ${FPR} > /etc/k.gpg ${'&& true '.repeat(50)}&& gpg --verify f.asc f`,
    ],
    ['only shown', `${GET} && gpg --show-keys KEYS`],
    ['another file', `${GET} && gpg --show-keys own | grep -q ${FPR}`],
    ['a keyring thrown away before', `${IMPORT} && rm -rf "$GNUPGHOME" && gpg --export ${FPR} > k`],
    ['a look that cannot fail', `${GET} && gpg --show-keys KEYS | grep ${FPR} || true`],
  ])('not where: %s', (_name, run) => {
    expect(downloads(`RUN ${run}`)[0]).toBe('curl: nothing');
  });
});

test('a list of sums that went through variables', () => {
  const run =
    'curl -fO https://x.org/f.tgz && curl -fo sum.txt https://x.org/f.tgz.sum && text=$(cat sum.txt) && sum=$(expr substr "$text" 1 64) && echo "$sum f.tgz" | sha256sum -c';
  expect(downloads(`RUN ${run}`)).toEqual([
    'curl: sha256sum -c (the checksum comes from the same origin as the file)',
    'curl: used only to verify (sha256sum -c)',
  ]);
});
