import { describe, expect, test } from 'vitest';
import { runAt, startedAt, USER_CHANGERS } from '../../src/programs/options.ts';

/** The command that a line starts through its first word. */
function behind(line: string): string | undefined {
  const [program = '', ...words] = line.split(' ');
  const at = startedAt(program, words)?.at ?? runAt(program, words);
  return at === undefined ? undefined : words.slice(at).join(' ');
}

describe('where the command begins that a wrapper starts', () => {
  test.each([
    ['sudo ls', 'ls'],
    ['sudo -Hu app -- ls', 'ls'],
    ['sudo -u app A=1 ls -u', 'ls -u'],
    ['env -i -u X A=1 B=2 ls', 'ls'],
    ['timeout -k 5 60 ls', 'ls'],
    ['timeout --signal=KILL 60 ls', 'ls'],
    ['nice -n10 ls', 'ls'],
    ['ionice -c2 -n 7 ls', 'ls'],
    ['chrt -i 0 ls', 'ls'],
    ['setarch i386 -R ls', 'ls'],
    ['setarch -R ls', 'ls'],
    ['stdbuf -oL -e 0 ls', 'ls'],
    ['setpriv --reuid 1 --clear-groups ls', 'ls'],
    ['flock -w 5 /lock ls', 'ls'],
    ['prlimit --nofile=1024 ls', 'ls'],
    ['command -p ls', 'ls'],
    ['runuser -u app -- ls', 'ls'],
    ['tini', ''],
    ['env -a z ls', 'ls'],
    ['xargs --arg-file f -n1 ls', 'ls'],
    ['setarch $(uname -m) ls', 'ls'],
    ['setpriv --pdeathsig keep ls', 'ls'],
    ['chroot --userspec 0:0 /x ls', 'ls'],
    ['flock --conflict-exit-code 3 /lock ls', 'ls'],
    ['unshare --map-user 0 -m ls', 'ls'],
    ['dumb-init --rewrite 15:3 -- ls', 'ls'],
    ['envdir /e ls', 'ls'],
    ['poetry -C x run ls', 'ls'],
    ['mise exec node@22 -- ls', 'ls'],
    ['nvm exec 22 ls', 'ls'],
  ])('%s: %s', (line, command) => {
    expect(behind(line)).toBe(command);
  });

  test.each(['ls', 'command -v ls', 'runuser app', 'flock /lock -c ls', 'poetry install'])(
    'nowhere: %s',
    (line) => {
      expect(behind(line)).toBeUndefined();
    },
  );

  test('variables that it sets', () => {
    expect(startedAt('env', ['-u', 'A=1', 'B=2', 'ls'])).toEqual({ at: 3, sets: [2] });
    expect(startedAt('nice', ['B=2', 'ls'])).toEqual({ at: 0, sets: [] });
  });

  test('who changes its user', () => {
    expect(USER_CHANGERS).toEqual(expect.arrayContaining(['sudo', 'gosu', 'setpriv', 'chroot']));
    expect(USER_CHANGERS).not.toContain('nice');
  });
});
