import { describe, expect, test } from 'vitest';
import { downloads, installs } from './parse-dockerfile.ts';

const CURL = 'curl -O https://x.org/f';

describe('commands that another program starts', () => {
  // A line each; `C` is the command.
  const LINES = `
    setarch i386 C|setarch -R C|setarch i386 -R C|setarch $(uname -m) C|linux32 C|setsid C
    sudo C|sudo -Hu app C|sudo -Hu app -- C|sudo -u app A=1 C|runuser -u app -- C|runuser -u app C
    env -i -u X A=1 B=2 C|env -a z C|timeout -k 5 60 C|timeout --signal=KILL 60 C|time -p C
    nice -n10 C|ionice -c2 -n 7 C|chrt -i 0 C|stdbuf -oL -e 0 C|prlimit --nofile=1024 C
    setpriv --reuid 1 --clear-groups C|setpriv --pdeathsig keep C|unshare --map-user 0 -m C
    flock -w 5 /lock C|flock --conflict-exit-code 3 /lock C|flock /lock -c "C"|command -p C
    chroot --userspec 0:0 /x C|dumb-init --rewrite 15:3 -- C
    envdir /e C|s6-setuidgid app C|chpst -u app C|faketime 2020-01-01 C|unbuffer C
    script -qec "C" /dev/null|conda run -n e C|poetry run C|poetry -C x run C|nvm exec 22 C
    uv run --with a --no-project C|mise exec node@22 -- C|poetry run sudo uv run C
    find / -name a -exec C \\;`;
  test.each(LINES.split(/[|\n] */).filter((line) => line.trim() !== ''))('%s', (line) => {
    expect(downloads(`RUN ${line.replace(/\bC\b(?! x)/, CURL)}`)).toEqual(['curl: nothing']);
  });

  test.each([
    'conda run -n e bash -c "curl https://x.org/f | sh"',
    'su app -lc "curl https://x.org/f | bash"',
    'sudo -iu app bash -c "curl https://x.org/f | sh"',
  ])('%s', (run) => {
    expect(downloads(`RUN ${run}`)).toEqual(['curl: shell']);
  });

  test.each([['ssh-agent sh -c "ssh-add /k; git clone git@x.org:a/b"', 'git: nothing']])(
    '%s',
    (run, found) => {
      expect(downloads(`RUN ${run}`)).toEqual([found]);
    },
  );

  test.each([
    ['poetry run pip install a', ['pip: a']],
    ['uv run --with a==1 pip install b', ['uv: a=1', 'pip: b']],
    ['micromamba run -n base pip install a', ['pip: a']],
    ['flock /lock -c "apt-get install -y a"', ['apt: a']],
    ['runuser -u app -- npm install a', ['npm: a']],
  ])('%s', (run, found) => {
    expect(installs(`RUN ${run}`)).toEqual(found);
  });

  test('a program that is told nothing starts nothing', () => {
    for (const run of [
      'runuser app',
      'poetry run',
      'poetry install',
      'find . -exec',
      'parallel',
      'tini',
      `command -v ${CURL}`,
    ])
      expect(downloads(`RUN ${run}`)).toEqual([]);
  });

  test('a long chain of them is read to its eighth', () => {
    expect(downloads(`RUN ${'poetry run '.repeat(7)}${CURL}`)).toEqual(['curl: nothing']);
    expect(downloads(`RUN ${'poetry run '.repeat(5000)}${CURL}`)).toEqual([]);
  });
});
