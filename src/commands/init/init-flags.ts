import { UserError } from '../../model/errors.ts';
import { CI_SYSTEMS, type CiSystem } from '../../model/template.ts';
import { readFlags } from '../flags.ts';
import { usageLine } from '../help.ts';

export const INIT_HELP = `Usage: scoville init [flags] [FOLDER]

Writes a hardened Dockerfile, .dockerignore, .scoville.yaml and a seccomp profile for the project in FOLDER (default: this one), from the template of its
stack. The stack and what can be known are read from the project's files; the rest is asked in a terminal, and given by flags elsewhere.
Nothing that is there is overwritten without --force; all files are written, or none.

  --stack NAME            the stack, where the project is not clear: --list names them
  --set NAME=VALUE        the answer to a question, or base.ROLE=IMAGE for another base image; may be repeated
  --yes, -y               ask nothing: take defaults, those that declare something too
  --ci SYSTEM             a workflow that builds, signs keylessly and gates, too: github or gitlab
  --force                 replace files that are there
  --dry-run               print what would be written, and write nothing
  --offline               ask no registry for digests of base images
  --list                  the stacks and what each asks
  --json                  the result as JSON

Exit 0: written; 2: not, and nothing was. Every stack: docs/templates.md
`;

/** What `scoville init` was asked for. */
export interface InitFlags {
  readonly help: boolean;
  readonly folder: string;
  readonly stack: string | undefined;
  /** Answers by question. */
  readonly given: ReadonlyMap<string, string>;
  /** Images by role. */
  readonly bases: ReadonlyMap<string, string>;
  readonly yes: boolean;
  readonly ci: CiSystem | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly offline: boolean;
  readonly list: boolean;
  readonly json: boolean;
}

/** Reads the flags; throws UserError for one that is not known or has a wrong value. */
export function readInitFlags(args: readonly string[]): InitFlags {
  const off = { type: 'boolean', default: false } as const;
  const { values, positionals } = readFlags('init', args, {
    stack: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] as string[] },
    yes: { type: 'boolean', short: 'y', default: false },
    ci: { type: 'string' },
    force: off,
    'dry-run': off,
    offline: off,
    list: off,
    json: off,
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (positionals.length > 1)
    throw new UserError('init takes one folder', { nextStep: usageLine('init') });
  const ci = CI_SYSTEMS.find((name) => name === values.ci);
  if (values.ci !== undefined && ci === undefined)
    throw new UserError(
      `--ci does not know ${JSON.stringify(values.ci)}; it is one of ${CI_SYSTEMS.join(', ')}`,
    );
  const pairs = values.set.map(pairOf);
  return {
    help: values.help,
    folder: positionals[0] ?? '.',
    stack: values.stack,
    given: new Map(pairs.filter(([name]) => !name.startsWith('base.'))),
    bases: new Map(
      pairs.flatMap(([name, value]): [string, string][] =>
        name.startsWith('base.') ? [[name.slice('base.'.length), value]] : [],
      ),
    ),
    yes: values.yes,
    ci,
    force: values.force,
    dryRun: values['dry-run'],
    offline: values.offline,
    list: values.list,
    json: values.json,
  };
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals <= 0)
    throw new UserError(`--set takes NAME=VALUE, not ${JSON.stringify(text)}`, {
      nextStep: usageLine('init'),
    });
  return [text.slice(0, equals), text.slice(equals + 1)];
}
