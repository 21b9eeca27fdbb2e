import { parseArgs } from 'node:util';
import type { SignerFlags } from '../build/attest-plan.ts';
import { OWN } from '../build/flags.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { didYouMean } from '../lib/text.ts';
import { cleanLines } from '../ui/text.ts';
import {
  bool,
  type CommandSpec,
  type FlagTable,
  type FlagValues,
  many,
  readTable,
  reports,
  text,
  type UsageProblem,
} from './flag-table.ts';
import { type Command, type CommandIo, writeHelp } from './io.ts';

/** A command from its table: `--help` prints its help; otherwise `run` gets values and operands. */
export function command<F extends FlagTable>(
  spec: CommandSpec<F>,
  run: (flags: FlagValues<F>, operands: readonly string[], io: CommandIo) => Promise<number>,
): Command {
  return async (args, io) => {
    if (asksHelp(args)) {
      await writeHelp(io, spec);
      return EXIT.met;
    }
    const { flags, operands } = readFlags(args, spec);
    return run(flags, operands, io);
  };
}

/** True where `--help` or `-h` stands before any `--`. */
export function asksHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

/** Reads flags strictly. Throws UserError for a wrong one, with the usage as next step. */
export function readFlags<F extends FlagTable>(
  args: readonly string[],
  spec: CommandSpec<F>,
): { readonly flags: FlagValues<F>; readonly operands: readonly string[] } {
  const { values, positionals: operands } = parsed(args, spec);
  const read = readTable(spec.flags, (name) => {
    const given = values[name];
    return given === undefined ? [] : [given].flat().map(String);
  });
  if (!read.ok) throw new UserError(read.error, { nextStep: `scoville ${spec.name} --help` });
  const { least = 0, most = Infinity, error = '' } = spec.operands ?? {};
  if (operands.length < least || operands.length > most)
    throw new UserError(`${spec.name} ${error}`, { nextStep: usageLine(spec) });
  return { flags: read.value, operands };
}

function parsed(args: readonly string[], spec: CommandSpec): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...args],
      options: optionsOf(spec.flags),
      allowPositionals: true,
      strict: true,
    });
  } catch (cause) {
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(messageOf(cause)) ?? [];
    if (unknown !== undefined) throw unknownFlag(spec, unknown, cause);
    throw new UserError(messageOf(cause), { nextStep: usageLine(spec), cause });
  }
}

export function optionsOf(
  flags: FlagTable,
): NonNullable<Parameters<typeof parseArgs>[0]>['options'] {
  const options = Object.entries(flags).map(([name, { kind, short }]) => [
    name,
    {
      ...(kind === 'bool' ? { type: 'boolean' } : { type: 'string', multiple: true }),
      ...(short === undefined ? {} : { short }),
    },
  ]);
  return Object.fromEntries(options) as ReturnType<typeof optionsOf>;
}

function unknownFlag({ name, flags }: CommandSpec, flag: string, cause: unknown): UserError {
  const near = didYouMean(flag.replace(/^-+/, ''), [...Object.keys(flags), 'help']);
  const meant = near === undefined ? '' : `; did you mean --${near}?`;
  return new UserError(`${name} has no flag ${flag}${meant}`, {
    nextStep: `scoville ${name} --help`,
    cause,
  });
}

export function usageLine({ usage }: CommandSpec): string {
  return `Usage: scoville ${usage.join(' | ')}`;
}

/** What is wrong with the words of a command that takes those of build, with its own name. */
export function buildWordsError(spec: CommandSpec, problem: UsageProblem): UserError {
  const text =
    problem.isArity === true
      ? `${spec.name} takes one context`
      : cleanLines(problem.message.trimEnd());
  return new UserError(text, { nextStep: usageLine(spec) });
}

/** Writes what is wrong to stderr, in buildx's words where it refuses; returns the exit code. */
export function saidWrong(
  error: { readonly message: string; readonly exitCode: number },
  io: CommandIo,
): number {
  const by = error.exitCode === EXIT.failed ? 'scoville: ' : '';
  io.writeErr(`${by}${cleanLines(error.message.trimEnd())}\n`);
  return error.exitCode;
}

/** Forms that can show a comparison of two images; the others are for a scorecard. */
export const COMPARISON_FORMATS = ['terminal', 'json', 'html'] as const;

export const JSON_FLAG = bool('Print the result as JSON on stdout');
export const PLAIN_HTTP = {
  ...OWN['plain-http'],
  help: 'Speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)',
};
export const POLICY = text('FILE', 'A settings file whose registries count', { path: true });
export const PLATFORM = text('OS/ARCH[/VARIANT]', 'Only this platform');
export const BUILD_ARG = many(
  'NAME=VALUE',
  'Read the Dockerfile with these arguments; may be repeated',
);
export const DIFFOSCOPE = bool(
  'Run diffoscope, if installed, on the first ten binary files that differ',
);
export const COMPARISON_REPORT = reports(COMPARISON_FORMATS);

export const SIGNING_KEY = text('KEY|URI', 'Sign the result with this key', {
  path: true,
  standard: 'sign.key, else your own',
});

export const SIGNER_FLAGS = {
  key: many('FILE|URI', 'A public key, or a KMS URI of cosign; may be repeated', { path: true }),
  'certificate-identity': text('NAME', 'A keyless signer'),
  'certificate-identity-regexp': text(
    'PATTERN',
    'The same by a pattern; one that matches anybody is refused',
  ),
  'certificate-oidc-issuer': text('URL', 'Who vouches for that signer'),
  'certificate-oidc-issuer-regexp': text('PATTERN', 'The same by a pattern'),
  'trusted-root': text('FILE', 'The trusted root of sigstore for keyless signatures', {
    path: true,
    standard: 'cosign fetches it',
  }),
};

/** Who must have signed, and sigstore's trusted root for those that sign without a key. */
type NamedSigners = SignerFlags & { readonly trustedRoot?: string };

export function namedSigners({
  key,
  certificateIdentity,
  certificateIdentityRegexp,
  certificateOidcIssuer,
  certificateOidcIssuerRegexp,
  trustedRoot,
}: FlagValues<typeof SIGNER_FLAGS>): NamedSigners {
  return {
    keys: key,
    identity: certificateIdentity,
    identityPattern: certificateIdentityRegexp,
    issuer: certificateOidcIssuer,
    issuerPattern: certificateOidcIssuerRegexp,
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
  };
}

export const REGRADE = bool('Sign the new verdict by the settings here, though it may be lower');

/** Of commands that attach something to an image and grade it again. */
export const ATTACH_FLAGS = {
  'signing-key': SIGNING_KEY,
  ...SIGNER_FLAGS,
  regrade: REGRADE,
  platform: PLATFORM,
  json: JSON_FLAG,
  'plain-http': PLAIN_HTTP,
  policy: POLICY,
};

export const ATTACH_TITLES = {
  key: 'Whose signatures the new verdict counts (default: your own key, and trust.keys of the settings)',
  platform: 'Other flags',
};
