import type { SourceCommand, SourceInstruction } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { NOTHING, proposal, refusal, together } from './proposal.ts';
import { andThen, endObstacle, addFlag, isMountedOver, showsText } from './run-text.ts';
import { inImage, isRootUser, type Placed, usersInImage } from './stage-view.ts';

/** A package manager that leaves what it fetched, and how that is kept out of the layer. */
interface Cache {
  readonly manager: string;
  readonly what: string;
  /** True for a command that leaves it. */
  readonly leaves: (program: string, words: readonly string[]) => boolean;
  /** Text of a RUN that shows it is taken care of. */
  readonly cleaned: RegExp;
  /** Folder that may be mounted over. */
  readonly folder: RegExp;
  readonly mend: (
    input: FixInput,
    run: Placed,
    found: readonly SourceCommand[],
  ) => readonly TextEdit[] | string;
}

/** Words of a command, wrappers such as sudo and env taken off. */
function argvOf({ words }: SourceCommand): readonly string[] {
  const values = words.map(({ text, value }) => value ?? text);
  const first = values.findIndex(
    (word) => !/^(?:sudo|env|exec|command|nice|\w+=.*|-[EH])$/.test(word),
  );
  return first < 0 ? [] : values.slice(first);
}

const atEnd =
  (command: (program: string) => string): Cache['mend'] =>
  ({ source }, run, [first]) =>
    endObstacle(run) ?? [
      andThen(source, run, command(first === undefined ? '' : (argvOf(first)[0] ?? ''))),
    ];

/** A later RUN that installs with apt and does not update the lists first. */
function laterUser({ source }: FixInput, { line }: Placed): SourceInstruction | undefined {
  return source.instructions.find((one) => {
    if (one.line <= line || one.keyword !== 'RUN') return false;
    const verbs = one.commands.flatMap((command) => {
      const [program = '', ...words] = argvOf(command);
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
  (verb: string, flag: string): Cache['mend'] =>
  (_input, run, found) => {
    const edits = found.flatMap(({ words }) => {
      const word = words.find(({ value }) => value === verb);
      return word === undefined ? [] : [{ start: word.end, end: word.end, text: ` ${flag}` }];
    });
    return edits.length === 0 || run.commands.length === 0 ? 'its words have no place' : edits;
  };

const CACHES: readonly Cache[] = [
  {
    manager: 'apt',
    what: 'the package lists of apt',
    leaves: (program, words) =>
      /^(?:apt|apt-get|aptitude)$/.test(program) &&
      words.some((w) => w === 'update' || w === 'install'),
    cleaned: /\/var\/lib\/apt(?:\/lists|\/\*|[\s;]|$)|\bdist-?clean\b/,
    folder: /^\/var(?:\/lib(?:\/apt(?:\/lists)?)?)?$/,
    mend: (input, run, found) => {
      const user = laterUser(input, run);
      return user === undefined
        ? atEnd(() => 'rm -rf /var/lib/apt/lists/*')(input, run, found)
        : `line ${user.line} installs by them, and does not update them itself`;
    },
  },
  {
    manager: 'apk',
    what: 'the index of apk',
    leaves: (program, words) =>
      program === 'apk' &&
      words.includes('add') &&
      !words.some((w) => /^--no-(?:cache|network)$/.test(w)),
    cleaned: /\/var\/cache\/apk|\bapk\s+(?:-\S+\s+)*cache\s+clean\b/,
    folder: /^\/(?:var(?:\/cache(?:\/apk)?)?|etc\/apk\/cache)$/,
    mend: behind('add', '--no-cache'),
  },
  {
    manager: 'dnf',
    what: 'what dnf fetched of its archives',
    leaves: (program, words) => /^(?:dnf|yum|microdnf)$/.test(program) && words.includes('install'),
    cleaned: /\bclean\s+all\b|\/var\/cache\b/,
    folder: /^\/var(?:\/cache(?:\/(?:dnf|yum|libdnf5))?)?$/,
    mend: atEnd((program) => `${program} clean all`),
  },
  {
    manager: 'pip',
    what: 'the packages that pip fetched',
    leaves: (program, words) =>
      ((/^pip[\d.]*$/.test(program) && words.includes('install')) ||
        (/^python[\d.]*$/.test(program) && words.join(' ').includes('-m pip install'))) &&
      !words.includes('--no-cache-dir'),
    cleaned: /\bpip[\d.]*\s+cache\s+purge\b|\.cache\/pip|PIP_NO_CACHE_DIR|\/root\/\.cache/,
    folder: /\.cache(?:\/pip)?$/,
    mend: behind('install', '--no-cache-dir'),
  },
  {
    manager: 'npm',
    what: 'the packages that npm fetched',
    leaves: (program, words) =>
      program === 'npm' && words.some((w) => /^(?:ci|install|i|clean-install)$/.test(w)),
    cleaned: /\bnpm\s+cache\s+clean\b|\.npm\b/,
    folder: /\.npm$/,
    mend: (input, run) => {
      const user = usersInImage(input).get(run) ?? '';
      return isRootUser(user)
        ? [addFlag(run, '--mount=type=cache,target=/root/.npm')]
        : `npm runs as ${user}, whose folder is not known`;
    },
  },
];

/** ENV that switches a cache off for all RUNs behind it. */
function isSwitchedOff(input: FixInput, { manager }: Cache): boolean {
  return (
    manager === 'pip' &&
    inImage(input).some(
      ({ keyword, instruction }) =>
        keyword === 'ENV' &&
        instruction.arguments.some((word) => word.startsWith('PIP_NO_CACHE_DIR=')),
    )
  );
}

function judge(input: FixInput, run: Placed, cache: Cache): FixPlan {
  const found = run.commands.filter((command) => {
    const [program = '', ...words] = argvOf(command);
    return cache.leaves(program.split('/').at(-1) ?? '', words);
  });
  if (found.length === 0 || showsText(run, cache.cleaned) || isMountedOver(run, cache.folder))
    return NOTHING;
  const edits = cache.mend(input, run, found);
  if (typeof edits === 'string')
    return { edits: [], refusals: [refusal(run, `${cache.what} stay in the layer: ${edits}`)] };
  return {
    edits: [
      proposal(run, {
        key: cache.manager,
        title: `Keep ${cache.what} out of the image`,
        why: 'It is dead weight, and differs from day to day, so that two builds are not alike',
        risk: 'none',
        riskReason: 'nothing of it is read at run time',
        edits,
      }),
    ],
    refusals: [],
  };
}

/** What package managers fetched and nobody reads stays out of layers. */
export const packageCaches: FixRule = {
  id: 'package-caches',
  title: 'Keep package lists and caches out of the image',
  help:
    'In the stages that the image is made of: `rm -rf /var/lib/apt/lists/*` at the end of a RUN that uses apt, `apk add --no-cache`, `dnf clean all`, `pip install --no-cache-dir`, and a cache mount over ' +
    '`/root/.npm`. RUNs with a mount over the folder, or that clean up in any other way, are left alone; so are scripts in here-documents.',
  lint: 'package-cache-kept',
  needs: ['bases'],
  plan: (input) =>
    together(
      CACHES.filter((cache) => !isSwitchedOff(input, cache)).flatMap((cache) =>
        inImage(input)
          .filter(({ keyword }) => keyword === 'RUN')
          .map((run) => judge(input, run, cache)),
      ),
    ),
};
