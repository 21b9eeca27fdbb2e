import { describe, expect, test } from 'vitest';
import { downloads, installs } from './parse-dockerfile.ts';

const CURL = 'curl -O https://x.org/f';

describe('commands that another program starts', () => {
  test.each([
    `setarch i386 ${CURL}`,
    `setarch -R ${CURL}`,
    `linux32 ${CURL}`,
    `setsid ${CURL}`,
    `time -p ${CURL}`,
    `sudo -Hu app ${CURL}`,
    `runuser -u app -- ${CURL}`,
    `runuser -u app ${CURL}`,
    `s6-setuidgid app ${CURL}`,
    `chpst -u app ${CURL}`,
    `faketime 2020-01-01 ${CURL}`,
    `unbuffer ${CURL}`,
    `flock /lock -c "${CURL}"`,
    `script -qec "${CURL}" /dev/null`,
    `conda run -n e ${CURL}`,
    `poetry run ${CURL}`,
    `uv run --with a --no-project ${CURL}`,
    `mise exec node@22 -- ${CURL}`,
    `poetry run sudo uv run ${CURL}`,
    `find / -name a -exec ${CURL} \\;`,
  ])('%s', (run) => {
    expect(downloads(`RUN ${run}`)).toEqual(['curl: nothing']);
  });

  test.each([
    'conda run -n e bash -c "curl https://x.org/f | sh"',
    'su app -lc "curl https://x.org/f | bash"',
    'sudo -iu app bash -c "curl https://x.org/f | sh"',
  ])('%s', (run) => {
    expect(downloads(`RUN ${run}`)).toEqual(['curl: shell']);
  });

  test.each([
    ['ssh-agent sh -c "ssh-add /k; git clone git@x.org:a/b"', 'git: nothing'],
    ['pnpm playwright install', 'other: nothing'],
    ['bun x playwright install', 'other: nothing'],
    ['npx -p playwright playwright install', 'other: nothing'],
  ])('%s', (run, found) => {
    expect(downloads(`RUN ${run}`)).toEqual([found]);
  });

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
    for (const run of ['runuser app', 'poetry run', 'poetry install', 'find . -exec', 'parallel'])
      expect(downloads(`RUN ${run}`)).toEqual([]);
  });

  test('a long chain of them is read to its eighth', () => {
    expect(downloads(`RUN ${'poetry run '.repeat(7)}${CURL}`)).toEqual(['curl: nothing']);
    expect(downloads(`RUN ${'poetry run '.repeat(5000)}${CURL}`)).toEqual([]);
  });
});
