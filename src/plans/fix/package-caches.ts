import type { SourceCommand, SourceInstruction } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { CachingManager } from '../../model/kept-cache.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { PURPOSES, purposeOf } from './program/purpose.ts';
import { started } from './program/started.ts';
import { proposal, refusal, together } from './proposal.ts';
import { addFlag, andThen, endObstacle } from './run-text.ts';
import { inImage, isRootUser, type Placed, usersInImage } from './stage-view.ts';

/** How what a package manager fetched is kept out of a layer. */
interface Remedy {
  readonly what: string;
  readonly edits: (
    input: FixInput,
    run: Placed,
    found: readonly SourceCommand[],
  ) => readonly TextEdit[] | string;
}

/** A command at the end of the RUN, by sudo where the first that leaves something goes through it. */
const atEnd =
  (command: (program: string) => string): Remedy['edits'] =>
  ({ source }, run, [first]) => {
    const head = first?.words[0]?.value === 'sudo' ? 'sudo ' : '';
    return endObstacle(run) ?? [andThen(source, run, head + command(first?.argv[0] ?? ''))];
  };

/** A later RUN that installs with apt and does not update the lists first. */
function laterUser({ source }: FixInput, { line }: Placed): SourceInstruction | undefined {
  return source.instructions.find((one) => {
    if (one.line <= line || one.keyword !== 'RUN') return false;
    const verbs = one.commands.flatMap((command) => {
      const [program = '', ...words] = command.argv;
      return /^(?:apt|apt-get|aptitude)$/.test(program)
        ? words.filter((word) => !word.startsWith('-')).slice(0, 1)
        : [];
    });
    const installs = verbs.indexOf('install');
    const updates = verbs.indexOf('update');
    return installs >= 0 && (updates < 0 || updates > installs);
  });
}

/** A flag behind the verb of each command. */
const behind =
  (verb: string, flag: string): Remedy['edits'] =>
  (_input, run, found) => {
    const edits = found.flatMap(({ words }) => {
      const word = words.find(({ value }) => value === verb);
      return word === undefined ? [] : [{ start: word.end, end: word.end, text: ` ${flag}` }];
    });
    return edits.length === 0 || run.commands.length === 0 ? 'its words have no place' : edits;
  };

const REMEDIES: Readonly<Record<CachingManager, Remedy>> = {
  apt: {
    what: 'the package lists of apt',
    edits: (input, run, found) => {
      const user = laterUser(input, run);
      return user === undefined
        ? atEnd(() => 'rm -rf /var/lib/apt/lists/*')(input, run, found)
        : `line ${user.line} installs by them, and does not update them itself`;
    },
  },
  apk: { what: 'the index of apk', edits: behind('add', '--no-cache') },
  dnf: {
    what: 'what dnf fetched of its archives',
    edits: atEnd((program) => `${program} clean all`),
  },
  pip: { what: 'the packages that pip fetched', edits: behind('install', '--no-cache-dir') },
  npm: {
    what: 'the packages that npm fetched',
    edits: (input, run) => {
      const user = usersInImage(input).get(run) ?? '';
      if (!isRootUser(user)) return `npm runs as ${user}, whose folder is not known`;
      return hasMounts(input)
        ? [addFlag(run, '--mount=type=cache,target=/root/.npm')]
        : 'the frontend of # syntax is older than cache mounts';
    },
  },
};

/** Frontends from 1.2 on mount caches; what names no version is newer. */
function hasMounts({ source }: FixInput): boolean {
  const [, version = ''] = /\/dockerfile:(?:v?1\.)(\d+)/.exec(source.syntax?.text ?? '') ?? [];
  return version === '' || Number(version) >= 2;
}

const INSTALLERS: Readonly<Record<CachingManager, RegExp>> = {
  apt: /^(?:apt|apt-get|aptitude)$/,
  apk: /^apk$/,
  dnf: /^(?:dnf|yum|microdnf)$/,
  pip: /^pip[\d.]*$/,
  npm: /^np[mx]$/,
};

function judge(input: FixInput, run: Placed): readonly FixPlan[] {
  return run.keptCaches.map(({ manager, commands }) => {
    const { what, edits: remedy } = REMEDIES[manager];
    const refused = (reason: string): FixPlan => ({
      edits: [],
      refusals: [refusal(run, `${what} stay in the layer: ${reason}`)],
    });
    const user = started(input).called.find(({ name }) => INSTALLERS[manager].test(name));
    if (user !== undefined && manager !== 'pip')
      return refused(`${user.by} starts ${user.name}, which may read them`);
    const edits = remedy(
      input,
      run,
      commands.flatMap((index) => run.commands[index] ?? []),
    );
    if (typeof edits === 'string') return refused(edits);
    const purpose = purposeOf(input);
    return {
      edits: [
        proposal(run, {
          key: manager,
          title: `Keep ${what} out of the image`,
          why: 'It is dead weight, and differs from day to day, so that two builds are not alike',
          ...(purpose === 'service' || manager !== 'apt'
            ? { risk: 'none', riskReason: 'nothing of it is read at run time' }
            : {
                risk: 'low',
                riskReason: `${PURPOSES[purpose]}: who installs packages there calls apt-get update first`,
              }),
          edits,
        }),
      ],
      refusals: [],
    };
  });
}

/** What package managers fetched and nobody reads stays out of layers. */
export const packageCaches: FixRule = {
  id: 'package-caches',
  title: 'Keep package lists and caches out of the image',
  help:
    'In the stages that the image is made of: `rm -rf /var/lib/apt/lists/*` at the end of a RUN that uses apt, `apk add --no-cache`, `dnf clean all`, `pip install --no-cache-dir`, and a cache mount over ' +
    '`/root/.npm`. RUNs with a mount over the folder, or that clean up in any other way, are left alone; so are scripts in here-documents.',
  breaks: [
    {
      what: 'a later RUN installs by the lists that were removed',
      shownBy: 'every later RUN that installs by apt updates them first',
    },
    {
      what: 'what the image starts installs packages by the lists, or offline from the cache',
      shownBy: 'nothing that it starts calls the package manager',
    },
  ],
  lint: 'package-cache-kept',
  needs: ['bases'],
  plan: (input) =>
    together(
      inImage(input)
        .filter(({ keyword }) => keyword === 'RUN')
        .flatMap((run) => judge(input, run)),
    ),
};
