import type { SignerFlags } from '../build/attest-plan.ts';
import { OWN } from '../build/flags.ts';
import { shownValue } from '../build/shown-command.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { didYouMean } from '../lib/text.ts';
import { cleanLines } from '../ui/text.ts';
import {
  bool,
  camelCase,
  type CommandSpec,
  flagTable,
  type FlagTable,
  type FlagValues,
  many,
  readTable,
  reports,
  scanArguments,
  specsOf,
  text,
  type UsageProblem,
} from './flag-table.ts';
import { ALL_HELP, type Command, type CommandIo, writeHelp } from './io.ts';

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

/** True where `--help`, `--help=all` or `-h` stands before any `--`. */
export function asksHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((word) =>
    ['--help', ALL_HELP, '-h'].includes(word),
  );
}

/** Reads flags strictly. Throws UserError for a wrong one, with the usage as next step. */
export function readFlags<F extends FlagTable>(
  args: readonly string[],
  spec: CommandSpec<F>,
): { readonly flags: FlagValues<F>; readonly operands: readonly string[] } {
  const scanned = scanArguments(args, flagTable(specsOf(spec.flags), []));
  if (!scanned.ok)
    throw new UserError(scanned.error.message.replace(/\n.*/s, ''), { nextStep: usageLine(spec) });
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  for (const one of scanned.value)
    if (one.kind === 'unknown') throw unknownFlag(spec, one.text.replace(/=.*/s, ''));
    else if (one.kind === 'positional') operands.push(one.text);
    else if (one.kind === 'flag')
      values.set(one.spec.name, [...(values.get(one.spec.name) ?? []), one.value]);
  const read = readTable(spec.flags, (name) => values.get(name) ?? []);
  if (!read.ok) throw new UserError(read.error, { nextStep: `scoville ${spec.name} --help` });
  const { least = 0, most = Infinity, error = '' } = spec.operands ?? {};
  if (operands.length < least || operands.length > most)
    throw new UserError(`${spec.name} ${error}`, { nextStep: usageLine(spec) });
  return { flags: read.value, operands };
}

function unknownFlag({ name, flags }: CommandSpec, flag: string): UserError {
  const near = didYouMean(flag.replace(/^-+/, ''), [...Object.keys(flags), 'help']);
  const meant = near === undefined ? '' : `; did you mean --${near}?`;
  return new UserError(`${name} has no flag ${flag}${meant}`, {
    nextStep: `scoville ${name} --help`,
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

/** Those of the flags that were given, as words of the next command; secrets as in `shownValue`. */
export function givenAgain(
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly string[] {
  return names.flatMap((name) =>
    [values[camelCase(name)]]
      .flat()
      .flatMap((value) =>
        typeof value === 'string' || typeof value === 'number'
          ? [`--${name}`, shownValue(name, `${value}`)]
          : [],
      ),
  );
}

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
