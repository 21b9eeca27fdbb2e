import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { homeOf, projectIn, projectOf, smokeOf, writeOwnSettings } from '../fixes/project.mjs';

/** What an app in a folder of one's own has to answer. */
const SAYS_HELLO = 'curl -fsS --max-time 5 "$SCOVILLE_URL/" | grep -qi hello';

/**
 * A project as a newcomer has it: in git with a remote, without settings, and a home where scoville was never run. What the machine lacks is set in the person's
 * own settings: whom the stand-ins of official images come from, and who answers for OSV.dev.
 */
export function newcomer(source, { registry, osvUrl, bin }) {
  const isOfSet = !source.includes('/');
  const folder = isOfSet ? projectOf(source, registry) : projectIn(source, registry);
  const above = dirname(folder);
  const home = homeOf(folder);
  writeOwnSettings(home, registry, osvUrl);
  const programs = join(above, 'bin');
  mkdirSync(programs);
  const program = join(programs, 'scoville');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  chmodSync(program, 0o755);
  return {
    name: basename(source),
    folder,
    image: `scoville-clock-${basename(source).toLowerCase()}`,
    env: environment(home, programs),
    smoke: isOfSet ? smokeOf(source) : SAYS_HELLO,
  };
}

/** The variables of a newcomer's shell: nothing of what this one says of scoville, and git knows the person. */
export function environment(home, programs) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:SCOVILLE_|SOURCE_DATE_EPOCH|GIT_|CI$|npm_)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    PATH: `${programs}:${process.env.PATH}`,
    SCOVILLE_HOME: home,
    COLUMNS: '100',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'user.name',
    GIT_CONFIG_VALUE_0: 'Ann Newcomer',
    GIT_CONFIG_KEY_1: 'user.email',
    GIT_CONFIG_VALUE_1: 'ann@example.org',
  };
}
