import { lookup } from '../../model/lookup.ts';

/** A program that only starts another one. */
export interface Wrapper {
  /** Options that take a value as their next word. */
  readonly valued: ReadonlySet<string>;
  /** A word of its own stands before the command; where a pattern is given, only a word like it. */
  readonly own?: true | RegExp;
  /** Without one of these options it starts a shell, or nothing. */
  readonly only?: RegExp;
}

function wrapper(valued = '', rest: Omit<Wrapper, 'valued'> = {}): Wrapper {
  return { valued: new Set(valued.split(' ')), ...rest };
}

export const WRAPPERS = lookup<Wrapper>({
  sudo: wrapper('-u -g -C -D -h -p -R -r -T -t -U --user --group --host --prompt --chdir --chroot'),
  doas: wrapper('-u -C'),
  env: wrapper('-u -C --unset --chdir'),
  exec: wrapper('-a'),
  command: wrapper(),
  builtin: wrapper(),
  nohup: wrapper(),
  time: wrapper('-f -o --format --output'),
  nice: wrapper('-n --adjustment'),
  ionice: wrapper('-c -n --class --classdata'),
  setarch: wrapper('', { own: /^[a-z]\w*$/ }),
  linux32: wrapper(),
  linux64: wrapper(),
  i386: wrapper(),
  stdbuf: wrapper('-i -o -e --input --output --error'),
  timeout: wrapper('-k -s --signal --kill-after', { own: true }),
  gosu: wrapper('', { own: true }),
  'su-exec': wrapper('', { own: true }),
  's6-setuidgid': wrapper('', { own: true }),
  chpst: wrapper('-u -U -e -/ -C -n -l -L -m -d -o -p -f -c -r -t'),
  runuser: wrapper('-u -g -G -w --user --group --supp-group', { only: /^(?:-u|--user(?:=|$))/ }),
  busybox: wrapper(),
  toybox: wrapper(),
  xargs: wrapper('-n -P -I -L -d -a -s -E --max-args --max-procs --delimiter'),
  eatmydata: wrapper(),
  setpriv: wrapper(
    '--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits',
  ),
  setsid: wrapper(),
  chroot: wrapper('', { own: true }),
  flock: wrapper('-w -E --timeout --wait', { own: true }),
  unshare: wrapper('-S -G -R -w --setuid --setgid --root --wd'),
  strace: wrapper('-o -e -s -E -u'),
  fakeroot: wrapper('-s -i -l'),
  faketime: wrapper('-p', { own: true }),
  torsocks: wrapper(),
  proxychains: wrapper('-f'),
  proxychains4: wrapper('-f'),
  chronic: wrapper(),
  unbuffer: wrapper(),
  taskset: wrapper('', { own: true }),
  tini: wrapper('-p -e'),
  'dumb-init': wrapper(),
  'ssh-agent': wrapper('-a -E -O -P -t'),
  'xvfb-run': wrapper('-n -s -e -f -w'),
});
