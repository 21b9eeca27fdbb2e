import { lookup } from '../../model/lookup.ts';
import { constantField, type Field } from './fields.ts';

/** A command with the programs that only start another (`sudo`, `env`, `xargs`) taken off its front. */
export interface Unwrapped {
  readonly argv: readonly Field[];
  /** `NAME=value` words of `env`. */
  readonly environment: readonly Field[];
  /** Shell text that it runs (`sh -c`, `eval`, `su -c`), with the flags of that shell. */
  readonly script?: { readonly text: Field; readonly errexit: boolean; readonly pipefail: boolean };
}

/** Options that take a value as their next word, by wrapper. */
const WRAPPERS = lookup<readonly string[]>({
  sudo: ['-u', '-g', '-C', '-h', '-p', '-r', '-t', '--user', '--group'],
  doas: ['-u', '-C'],
  env: ['-u', '-C', '--unset', '--chdir'],
  exec: ['-a'],
  command: [],
  builtin: [],
  nohup: [],
  time: [],
  nice: ['-n'],
  ionice: ['-c', '-n'],
  setarch: [],
  stdbuf: ['-i', '-o', '-e'],
  timeout: ['-k', '-s', '--signal', '--kill-after'],
  gosu: [],
  'su-exec': [],
  busybox: [],
  toybox: [],
  xargs: [
    '-n',
    '-P',
    '-I',
    '-L',
    '-d',
    '-a',
    '-s',
    '-E',
    '--max-args',
    '--max-procs',
    '--delimiter',
  ],
  eatmydata: [],
  setpriv: [
    '--reuid',
    '--regid',
    '--groups',
    '--inh-caps',
    '--ambient-caps',
    '--bounding-set',
    '--securebits',
  ],
  chroot: [],
  flock: ['-w', '-E', '--timeout', '--wait'],
  unshare: ['-S', '-G', '-R', '-w', '--setuid', '--setgid', '--root', '--wd'],
  strace: ['-o', '-e', '-s', '-E', '-u'],
  fakeroot: ['-s', '-i', '-l'],
  torsocks: [],
  proxychains: ['-f'],
  proxychains4: ['-f'],
  chronic: [],
  taskset: [],
  tini: ['-p', '-e'],
  'dumb-init': [],
  'xvfb-run': ['-n', '-s', '-e', '-f', '-w'],
});
/** Wrappers with a positional word of their own before the command. */
const OWN_WORD = new Set(['timeout', 'gosu', 'su-exec', 'chroot', 'flock', 'taskset']);

export const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'fish']);

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The program's name without its folder; '' where it is not constant. */
export function programOf(argv: readonly Field[]): string {
  const first = argv[0];
  return first?.constant === true ? baseName(first.text) : '';
}

function shellScript(argv: readonly Field[]): Unwrapped['script'] {
  let errexit = false;
  let pipefail = false;
  for (let at = 1; at < argv.length; at += 1) {
    const text = argv[at]?.text ?? '';
    if (text === '-o' || text === '+o') {
      at += 1;
      pipefail ||= argv[at]?.text === 'pipefail';
      errexit ||= argv[at]?.text === 'errexit';
    } else if (/^-[A-Za-z]+$/.test(text)) {
      errexit ||= text.includes('e');
      if (text.endsWith('o')) {
        at += 1;
        pipefail ||= argv[at]?.text === 'pipefail';
      }
      const script = text.includes('c') ? argv[at + 1] : undefined;
      if (script !== undefined && !/^-/.test(script.text))
        return { text: script, errexit, pipefail };
      if (text.includes('c')) {
        // `bash -c -e 'text'`: options may follow -c.
        const rest = argv.slice(at + 1);
        const found = rest.find((f) => !/^-/.test(f.text));
        errexit ||= rest.some((f) => /^-[a-z]*e/.test(f.text));
        return found === undefined ? undefined : { text: found, errexit, pipefail };
      }
    } else if (!text.startsWith('--')) return undefined;
  }
  return undefined;
}

function scriptOf(argv: readonly Field[]): Unwrapped['script'] {
  const program = programOf(argv);
  if (SHELLS.has(program)) return shellScript(argv);
  if (program === 'eval' && argv.length > 1) {
    const rest = argv.slice(1);
    const text = {
      text: rest.map((f) => f.text).join(' '),
      constant: rest.every((f) => f.constant),
      sources: rest.flatMap((f) => f.sources),
    };
    return { text, errexit: false, pipefail: false };
  }
  if (program === 'su' || program === 'runuser') {
    const at = argv.findIndex((f) => f.text === '-c' || f.text === '--command');
    const text = at > 0 ? argv[at + 1] : undefined;
    return text === undefined ? undefined : { text, errexit: false, pipefail: false };
  }
  return undefined;
}

/** The script of a shell that reads it from its input (`bash <<EOF`), where that is shown. */
export function scriptOnInput(
  argv: readonly Field[],
  input: Field | undefined,
): Unwrapped['script'] {
  if (input === undefined || !SHELLS.has(programOf(argv))) return undefined;
  const options = argv.slice(1).map((field) => field.text);
  if (options.some((o) => !o.startsWith('-') && o !== 'pipefail' && o !== 'errexit'))
    return undefined;
  const errexit = options.some((o) => /^-[a-z]*e/.test(o) || o === 'errexit');
  return { text: input, errexit, pipefail: options.includes('pipefail') };
}

/** Index of the command that a wrapper starts. */
function behindWrapper(argv: readonly Field[], program: string, environment: Field[]): number {
  const valued = WRAPPERS[program] ?? [];
  let at = 1;
  for (; at < argv.length; at += 1) {
    const text = argv[at]?.text ?? '';
    if (text === '--') return at + 1;
    if (valued.includes(text)) at += 1;
    else if ((program === 'env' || program === 'sudo') && /^[A-Za-z_]\w*=/.test(text)) {
      const field = argv[at];
      if (field !== undefined) environment.push(field);
    } else if (!text.startsWith('-')) break;
  }
  return OWN_WORD.has(program) ? at + 1 : at;
}

/** Takes wrappers off; a chain of more than eight is left as it is. */
export function unwrap(argv: readonly Field[]): Unwrapped {
  let current = argv;
  const environment: Field[] = [];
  for (let round = 0; round < 8; round += 1) {
    const program = programOf(current);
    if (!Object.hasOwn(WRAPPERS, program)) break;
    const rest = current.slice(behindWrapper(current, program, environment));
    if (rest.length === 0) break;
    // What xargs adds comes from its input: one more word that is not constant.
    current =
      program === 'xargs' ? [...rest, { ...constantField('$(stdin)'), constant: false }] : rest;
  }
  const script = scriptOf(current);
  return script === undefined
    ? { argv: current, environment }
    : { argv: current, environment, script };
}
