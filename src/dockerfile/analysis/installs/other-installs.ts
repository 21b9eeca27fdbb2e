import { readCommandLine } from '../command-line.ts';
import { type InstallReader, install, isExact, lockedBy, named } from './install-context.ts';

const TRUE = /^(?:1|true)$/;

const gem: InstallReader = (program, argv) => {
  // What stands behind `--` is for the build of extensions.
  const dashes = argv.findIndex(({ text }) => text === '--');
  const line = readCommandLine(program, dashes < 0 ? argv : argv.slice(0, dashes));
  const [verb, ...operands] = line.operands;
  // gem takes any beginning of a command that is no other's. `update` takes the newest of all, of gem itself (`--system`) too.
  if (/^up(?:d(?:a(?:t(?:e)?)?)?)?$/.test(verb?.text ?? ''))
    return [
      install(
        'gem',
        operands.map(({ text }) => ({ name: text })),
      ),
    ];
  if (!/^i(?:n(?:s(?:t(?:a(?:l(?:l)?)?)?)?)?)?$/.test(verb?.text ?? '')) return [];
  const version = line.values('-v', '--version')[0]?.text ?? '';
  const exact = /^=? ?\d[\w.]*$/;
  const packages = operands
    .filter(({ text }) => !text.endsWith('.gem'))
    .map(({ text }) => {
      const [name = '', own = ''] = text.split(':');
      return named(name, own === '' ? version : own, exact);
    });
  return packages.length === 0 ? [] : [install('gem', packages)];
};

const bundle: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const verb = line.operands[0]?.text;
  if (verb === 'update' || verb === 'add') return [install('bundle', [])];
  if (verb !== undefined && verb !== 'install') return [];
  if (verb === undefined && line.has('--version', '-v', '--help', '-h')) return [];
  const set = ['BUNDLE_FROZEN', 'BUNDLE_DEPLOYMENT'].some((n) =>
    TRUE.test(context.variable(n) ?? ''),
  );
  const configured = context.ranBefore(
    /^bundle config (?:set )?(?:--\w+ )*(?:frozen|deployment) (?:1|true|'true'|"true")/,
  );
  const lockFile = line.has('--frozen', '--deployment') || set || configured;
  return [install('bundle', [], { lockFile })];
};

/** A module by its address, of which `go get` fetches the newest version; not a package of the module at hand or of Go's own library. */
const MODULE = /^[\w-]+(?:\.[\w-]+)+\//;

/** go's options have one dash; `go install pkg` without a version takes that of go.mod. */
const go: InstallReader = (_program, argv, context) => {
  const words = argv.map((f) => f.text);
  const [verb = '', second = ''] = words;
  if (verb === 'mod' && second === 'download') return [install('go', [], { lockFile: true })];
  if (/^(?:build|test|vet)$/.test(verb)) {
    // go.mod names each version and go.sum its content; go refuses what they lack unless it may write them.
    const mayWrite = /(?:^|\s)-mod[= ]mod(?:\s|$)/;
    const writes =
      mayWrite.test(context.variable('GOFLAGS') ?? '') || mayWrite.test(words.join(' '));
    return [install('go', [], { lockFile: !writes })];
  }
  if (verb !== 'install' && verb !== 'get' && verb !== 'run') return [];
  const packages = words.slice(1).flatMap((word) => {
    const at = word.indexOf('@');
    if (word.startsWith('-')) return [];
    if (at < 0) return verb === 'get' && MODULE.test(word) ? [{ name: word }] : [];
    const exact = /^(?:v\d+\.\d+\.\d[\w.+-]*|[0-9a-f]{7,40})$/;
    return [named(word.slice(0, at), word.slice(at + 1), exact)];
  });
  // `go get -u` takes the newest of what the modules ask for too, those of go.mod where it names none.
  const newest = verb === 'get' && words.some((word) => /^-u(?:=patch)?$/.test(word));
  if (newest && packages.every(({ pin }) => pin !== undefined)) return [install('go', [])];
  return packages.length === 0 ? [] : [install('go', packages)];
};

/**
 * `cargo install` takes the newest dependencies unless `--locked`, so a version alone pins little. `cargo build` and kin
 * fetch as well, and keep to the lock file only when told so. What `cargo binstall` takes is built already.
 */
const cargo: InstallReader = (program, argv) => {
  const line = readCommandLine(
    program,
    argv.filter((f) => !f.text.startsWith('+')),
  );
  const [verb, ...operands] = line.operands;
  const locked = line.has('--locked', '--frozen', '--offline');
  if (['build', 'b', 'fetch', 'run', 'chef', 'vendor'].includes(verb?.text ?? '')) {
    const prepares = verb?.text === 'chef' && operands[0]?.text === 'prepare';
    return prepares ? [] : [install('cargo', [], { lockFile: locked })];
  }
  const isBuilt = verb?.text === 'binstall';
  if (verb?.text !== 'install' && !isBuilt) return [];
  if (line.has('--path')) return [install('cargo', [], { lockFile: locked })];
  const version = line.values('--version', '--vers')[0]?.text ?? '';
  const rev = line.values('--rev')[0]?.text ?? '';
  const packages = operands.map(({ text }) => {
    const [name = '', own = ''] = text.split('@');
    const wanted = own === '' ? version || rev : own;
    return (locked || isBuilt) && isExact(wanted, /^=?\d+\.\d+\.\d+|^[0-9a-f]{40}$/)
      ? { name, pin: wanted }
      : { name };
  });
  return packages.length === 0 ? [] : [install('cargo', packages)];
};

const composer: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...rest] = line.operands;
  const global = verb?.text === 'global';
  const name = (global ? rest[0] : verb)?.text;
  const operands = global ? rest.slice(1) : rest;
  if (name === 'install') {
    const folder = line.values('-d', '--working-dir')[0]?.text;
    return [lockedBy('composer', 'composer.lock', context.lockFile('composer.lock', folder))];
  }
  if (name === 'update' || name === 'upgrade' || name === 'u') return [install('composer', [])];
  if (name !== 'require') return [];
  const packages = operands.map(({ text }) => {
    const [own = '', version = ''] = text.split(/[:=]/);
    return named(own, version, /^v?\d+\.\d+\.\d[\w.-]*$/);
  });
  return packages.length === 0 ? [] : [install('composer', packages)];
};

export const OTHER_INSTALLS: Readonly<Record<string, InstallReader>> = {
  gem,
  bundle,
  bundler: bundle,
  go,
  cargo,
  composer,
  'composer.phar': composer,
};
