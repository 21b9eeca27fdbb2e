import { lookup } from '../model/lookup.ts';

/** A program that only starts another one. */
interface Wrapper {
  /** Options that take a value as their next word. */
  readonly valued: ReadonlySet<string>;
  /** A word of its own stands before the command; where a pattern is given, only a word like it. */
  readonly own?: true | RegExp;
  /** Without one of these options it starts a shell, or nothing. */
  readonly only?: RegExp;
  /** With one of these as its first word it starts nothing. */
  readonly unless?: RegExp;
  /** `NAME=value` words before the command set variables. */
  readonly sets?: true;
  /** The command runs as another user, or below another root. */
  readonly asAnother?: true;
}

function wrapper(valued = '', rest: Omit<Wrapper, 'valued'> = {}): Wrapper {
  return { valued: new Set(valued.split(' ')), ...rest };
}

const USER = { own: true, asAnother: true } as const;

export const WRAPPERS = lookup<Wrapper>({
  sudo: wrapper(
    '-u -g -C -D -h -p -R -r -T -t -U --user --group --host --prompt --chdir --chroot --close-from --command-timeout --role --type --other-user',
    { sets: true, asAnother: true },
  ),
  doas: wrapper('-u -C', { asAnother: true }),
  pkexec: wrapper('--user', { asAnother: true }),
  env: wrapper('-u -C -a --unset --chdir --argv0', { sets: true }),
  'cross-env': wrapper('', { sets: true }),
  exec: wrapper('-a'),
  // `command -v` names a program and does not start it.
  command: wrapper('', { unless: /^-p?[vV]/ }),
  builtin: wrapper(),
  nohup: wrapper(),
  time: wrapper('-f -o --format --output'),
  nice: wrapper('-n --adjustment'),
  ionice: wrapper('-c -n --class --classdata'),
  chrt: wrapper('-T -P -D --sched-runtime --sched-period --sched-deadline', { own: true }),
  numactl: wrapper('-i -m -N -C -p --interleave --membind --cpunodebind --physcpubind --preferred'),
  prlimit: wrapper('-o --output'),
  // `setarch $(uname -m) COMMAND`, whatever that says.
  setarch: wrapper('', { own: /^[a-z]\w*$|\$/ }),
  linux32: wrapper(),
  linux64: wrapper(),
  i386: wrapper(),
  stdbuf: wrapper('-i -o -e --input --output --error'),
  timeout: wrapper('-k -s --signal --kill-after', { own: true }),
  gosu: wrapper('', USER),
  'su-exec': wrapper('', USER),
  setuidgid: wrapper('', USER),
  's6-setuidgid': wrapper('', USER),
  's6-applyuidgid': wrapper('-u -g -G', { asAnother: true }),
  's6-envuidgid': wrapper('', { own: true }),
  's6-envdir': wrapper('', { own: true }),
  envdir: wrapper('', { own: true }),
  softlimit: wrapper('-a -c -d -f -l -m -o -p -r -s -t'),
  'with-contenv': wrapper(),
  cgexec: wrapper('-g'),
  proot: wrapper('-r -b -m -q -w -v -R -S -k -i --rootfs --bind --mount --qemu --cwd', {
    asAnother: true,
  }),
  chpst: wrapper('-u -U -e -/ -C -n -l -L -m -d -o -p -f -c -r -t', { asAnother: true }),
  runuser: wrapper('-u -g -G -w --user --group --supp-group', {
    only: /^(?:-u|--user(?:=|$))/,
    asAnother: true,
  }),
  busybox: wrapper(),
  toybox: wrapper(),
  xargs: wrapper(
    '-n -P -I -L -d -a -s -E --max-args --max-procs --max-chars --delimiter --arg-file --process-slot-var',
  ),
  eatmydata: wrapper(),
  setpriv: wrapper(
    '--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig --ptracer --selinux-label --apparmor-profile --landlock-access --landlock-rule --seccomp-filter',
    { asAnother: true },
  ),
  setsid: wrapper(),
  chroot: wrapper('--userspec --groups', USER),
  flock: wrapper('-w -E --timeout --wait --conflict-exit-code', { own: true }),
  unshare: wrapper(
    '-S -G -R -w -l --setuid --setgid --root --wd --load-interp --propagation --map-user --map-group --map-users --map-groups --setgroups --monotonic --boottime',
    { asAnother: true },
  ),
  nsenter: wrapper('-t -N -W --target --net-socket --wdns', { asAnother: true }),
  strace: wrapper(
    '-a -b -e -E -I -o -O -p -P -s -S -u -U -X --trace --output --env --user --attach',
  ),
  ltrace: wrapper('-o -e -s -u -l -n -a -A -D -F -x'),
  fakeroot: wrapper('-s -i -l -f -b --lib --faked'),
  fakechroot: wrapper('-e -c -b --environment --config-dir --bindir'),
  faketime: wrapper('-p', { own: true }),
  torsocks: wrapper('-a -P -u -p --address --port --user --pass'),
  proxychains: wrapper('-f'),
  proxychains4: wrapper('-f'),
  chronic: wrapper(),
  unbuffer: wrapper(),
  taskset: wrapper('', { own: true }),
  ccache: wrapper('-M -F -o -k -d -x -X'),
  sccache: wrapper(),
  distcc: wrapper(),
  icecc: wrapper(),
  help2man: wrapper(
    '-o -n -N -s -S -I -i -h -v -m -L --output --name --section --source --include --manual --locale',
  ),
  openvt: wrapper('-c'),
  tini: wrapper('-p -e'),
  'dumb-init': wrapper('-r --rewrite'),
  catatonit: wrapper(),
  'dbus-run-session': wrapper('--config-file --dbus-daemon'),
  'ssh-agent': wrapper('-a -E -O -P -t'),
  'xvfb-run': wrapper(
    '-n -s -e -f -p -w --server-num --server-args --error-file --auth-file --xauth-protocol --wait',
  ),
});

/** Wrappers whose command runs as another user, or below another root. */
export const USER_CHANGERS: readonly string[] = Object.entries(WRAPPERS).flatMap(
  ([name, { asAnother }]) => (asAnother === true ? [name] : []),
);

/** Programs that run text as shell behind `-c`, `--command` or `--run`. */
export const RUNS_TEXT: ReadonlySet<string> = new Set(
  'su runuser script flock sg rvm-shell nix-shell'.split(' '),
);

/** True if the next word is the option's value: the option, or its last letter, takes one. */
function takesNext(word: string, valued: ReadonlySet<string>): boolean {
  if (valued.has(word)) return true;
  if (!/^-[A-Za-z]{2,}$/.test(word)) return false;
  for (let at = 1; at < word.length; at += 1)
    if (valued.has(`-${word.charAt(at)}`)) return at === word.length - 1;
  return false;
}

/**
 * Where the command begins that `program` starts, as an index into its `words`, which follow its
 * name; it may be their end. `sets` are the indexes of the variables that it sets for the command.
 * Undefined for a program that is not a wrapper, or that starts nothing.
 */
export function startedAt(
  program: string,
  words: readonly string[],
): { readonly at: number; readonly sets: readonly number[] } | undefined {
  const wrapper = WRAPPERS[program];
  if (wrapper === undefined || wrapper.unless?.test(words[0] ?? '') === true) return undefined;
  const { valued, own, only } = wrapper;
  if (only !== undefined && !words.some((word) => only.test(word))) return undefined;
  const sets: number[] = [];
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return { at: at + 1, sets };
    if (takesNext(word, valued)) at += 1;
    else if (wrapper.sets === true && /^[A-Za-z_]\w*=/.test(word)) sets.push(at);
    else if (own instanceof RegExp && own.test(word) && at === 0) continue;
    else if (!word.startsWith('-')) break;
  }
  if (own === true) at += 1;
  // What stands behind `flock FILE -c` is text.
  return RUNS_TEXT.has(program) && words[at] === '-c' ? undefined : { at, sets };
}
