import { describe, expect, test } from 'vitest';
import { analysisOf } from './support.ts';

const URL = 'https://example.org/x';
const DOWNLOAD = `curl -O ${URL}`;

/** Addresses that were found, and the programs that nobody read. */
function read(run: string): { readonly urls: readonly unknown[]; readonly unread: unknown[] } {
  const { downloads, unread } = analysisOf(`FROM x\nRUN <<'END'\n${run}\nEND`);
  return { urls: downloads.map(({ url }) => url), unread: unread.map(({ program }) => program) };
}

describe('a variable that a builtin sets is not known', () => {
  test.each([
    ['printf -v c curl'],
    ['printf -vc curl'],
    ['read c <<< curl'],
    ['read -r -p text c <<< curl'],
    ['mapfile -t c <<< curl'],
    ['readarray -t c <<< curl'],
    ['declare -n r=c; r=curl'],
    ['typeset -n r=c; r=curl'],
    ['f() { local -n r=$1; r=curl; }; f c'],
    ['getopts x c'],
    ['let c=1'],
    ['read "$name" <<< curl'],
  ])('%s', (set) => {
    expect(read(`c=ls\n${set}\n$c ${URL}`).unread).toContain('${c}');
  });

  test('what printf prints sets none', () => {
    expect(read(`c=curl\nprintf '%s' -v c\n$c -O ${URL}`)).toEqual({ urls: [URL], unread: [] });
  });
});

describe('a function does not stand for the program that a wrapper starts', () => {
  test.each(['command', 'exec', 'env', '/usr/bin/env'])('%s', (wrapper) => {
    expect(read(`curl() { :; }\n${wrapper} ${DOWNLOAD}`).urls).toEqual([URL]);
  });

  test('nor in another shell', () => {
    expect(read(`curl() { :; }\nsh -c '${DOWNLOAD}'`).urls).toEqual([URL]);
  });
});

describe('commands in other clothes', () => {
  test.each([
    [`env -S '${DOWNLOAD}'`],
    [`env -S'${DOWNLOAD}'`],
    [`env --split-string='${DOWNLOAD}'`],
    [`env -iS 'A=1 ${DOWNLOAD}'`],
    [`echo '${DOWNLOAD}' | sh -s -- a b`],
    [`echo '${DOWNLOAD}' | tee s.sh | sh`],
    [`builtin eval '${DOWNLOAD}'`],
    [`eval "eval '${DOWNLOAD}'"`],
    [`exec -a ls ${DOWNLOAD}`],
    [`{curl,-O,${URL}}`],
  ])('%s', (run) => {
    expect(read(run)).toEqual({ urls: [URL], unread: [] });
  });

  test.each([
    [`c?rl -O ${URL}`, 'c?rl'],
    [`/usr/bin/c*l -O ${URL}`, '/usr/bin/c*l'],
    [`exec 3< s.sh\nsh <&3`, '/dev/fd/3'],
    [`cat s.sh | bash -s`, 'bash'],
    [`bash <(cat s.sh)`, '$(...)'],
    [`echo '${DOWNLOAD}' | . /dev/stdin`, '/dev/stdin'],
    [`env -S '"curl" ${URL}'`, '$(env -S)'],
    [`PS4='$(${DOWNLOAD})'\nset -x\nls`, 'PS4'],
  ])('%s', (run, program) => {
    expect(read(run).unread).toContain(program);
  });
});

test.each([
  ['01234567', undefined],
  ['0123456789ABCDEF', 'keys are asked for by an id, not by their whole fingerprint'],
  ['0123456789ABCDEF0123456789ABCDEF01234567', 'none'],
])('keys by the id %s', (id, weak) => {
  const { downloads } = analysisOf(
    `FROM x\nRUN gpg --recv-keys ${id} && curl -o /x https://e.org/x && curl -o /x.asc https://e.org/x.asc && gpg --verify /x.asc /x`,
  );
  const check = downloads.find(({ url }) => url === 'https://e.org/x')?.verifiedBy;
  expect(check === undefined ? undefined : (check.weak ?? 'none')).toBe(weak);
});

describe('what exec leads to is what the shells behind it read', () => {
  test.each([
    [`echo '${DOWNLOAD}' > s.sh\nexec < s.sh\nsh`],
    [`exec <<'E'\n${DOWNLOAD}\nE\nsh`],
    [`echo '${DOWNLOAD}' > s.sh\nexec < s.sh\n(ls; sh)`],
    [`echo '${DOWNLOAD}' > s.sh\nif ls; then exec 0< s.sh; fi\nsh`],
    [`echo ls > a\necho '${DOWNLOAD}' > b\nexec < a\n{ sh; } < b`],
    [`echo ls > a\necho '${DOWNLOAD}' > b\nsh < a < b`],
    [`echo ls > a\necho '${DOWNLOAD}' | sh 3< a`],
    [`echo ls > a\nexec < a\necho '${DOWNLOAD}' | sh`],
  ])('%s', (run) => {
    expect(read(run)).toEqual({ urls: [URL], unread: [] });
  });

  test.each([
    [`exec < <(echo '${DOWNLOAD}')\nsh`, '$(...)'],
    [`exec > s.sh\necho '${DOWNLOAD}'\necho ls\nsh s.sh`, 's.sh'],
    [`{ echo '${DOWNLOAD}'; echo ls; } > s.sh\nsh s.sh`, 's.sh'],
  ])('%s', (run, program) => {
    const { urls, unread } = read(run);
    expect(urls.includes(URL) || unread.includes(program)).toBe(true);
  });
});
