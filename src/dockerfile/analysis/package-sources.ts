import type { PackageInstall } from '../../model/build-analysis.ts';
import { indexesOf, managerOf } from '../../programs/managers/catalogue.ts';
import { turnsChecksOff, UNCHECKED_VARIABLES } from '../../programs/trust-settings.ts';
import { pathIn } from '../paths.ts';
import { constantField } from '../shell/fields.ts';
import { type CommandEvent, type CopyEvent, placeOf, wordsOf } from './command-event.ts';
import { COMMIT, type Fetch, fetchOf, namedFetch } from './fetch.ts';
import type { StageFiles } from './stage-files.ts';

/** Indexes that a language's project or a package's own publisher runs. */
const OWN =
  /^(?:sparse\+)?https:\/\/(?:pypi\.org|files\.pythonhosted\.org|download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com|registry\.npmjs\.org|registry\.yarnpkg\.com|(?:index\.)?rubygems\.org|index\.crates\.io|static\.crates\.io|repo\.packagist\.org|packagist\.org|api\.nuget\.org|www\.nuget\.org|conda\.anaconda\.org|repo\.anaconda\.com)(?:\/|$)/i;

/** The lines of requirements files that are shown. */
function requirementLines(event: CommandEvent, files: StageFiles): readonly string[] {
  const words = wordsOf(event);
  return words.flatMap((word, at) => {
    const path = /^(?:-r|-c|--requirement|--constraint)$/.test(word)
      ? words[at + 1]
      : /^(?:-r|--requirement=)(.+)/.exec(word)?.[1];
    const content = path === undefined ? undefined : files.at(placeOf(event, path), event.id);
    return content?.kind === 'text' ? content.text.slice(0, 262_144).split(/\r?\n/) : [];
  });
}

/**
 * Where a manager is told that packages come from: words, variables, earlier commands and files.
 */
function indexesIn(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  lines: readonly string[],
): readonly (string | undefined)[] {
  const known = indexesOf(event.program);
  if (known === undefined) return [];
  const words = wordsOf(event);
  const options = words.flatMap((word, at) => {
    const [name = '', ...value] = word.split('=');
    const glued = /^-[if](\S+)$/.exec(word)?.[1];
    if (glued !== undefined && known.options.test(word.slice(0, 2))) return [glued];
    if (!known.options.test(name)) return [];
    return value.length > 0 ? [value.join('=')] : (words[at + 1] ?? []);
  });
  const variables = [...event.allVariables()].flatMap(([name, value]) =>
    known.variables.test(name) && value !== '' ? [value] : [],
  );
  const commands = before
    .filter(({ argv }) => known.commands.test(argv.map(({ text }) => text).join(' ')))
    .flatMap((one) => wordsOf(one).filter((word) => /^https?:|\$/.test(word)));
  const said = known.files.flatMap((file) => {
    const content = files.at(pathIn(event.folder, file), event.id);
    if (content?.kind !== 'text') return content === undefined ? [] : [undefined];
    return [...content.text.slice(0, 65_536).matchAll(known.setting)].map(([, address]) =>
      address?.replace(/^["'[{]+|(?<!["'\]},])["'\]},]+$/g, ''),
    );
  });
  const required = lines.flatMap(
    (line) => /^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links)[ =]+(\S+)/.exec(line)?.[1] ?? [],
  );
  return [
    ...options.flatMap((text) => text.split(/[\s,]+/)),
    ...variables,
    ...commands,
    ...said,
    ...required,
  ].filter(
    (address) =>
      address === undefined || /^(?:[a-z+]+:)?\/\/\w|^[a-z+]+:(?!$)|\$[{(]/i.test(address),
  );
}

/** Packages in requirements that are named by an address which nothing pins. */
function looseAddresses(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const address =
      /^\s*(?:-e\s+|--editable[ =])?(?:[\w.[\],-]+\s*@\s*)?((?:git\+|hg\+|svn\+|https?:|ftp:)\S+)/.exec(
        line,
      )?.[1] ?? '';
    const ref = /@([^@/#]+)(?:#|$)/.exec(address)?.[1] ?? '';
    const isHeld =
      COMMIT.test(ref) ||
      /^[^#]*#(?:.*&)?sha(?:256|384|512)=/.test(line) ||
      line.includes('--hash=');
    return address === '' || isHeld ? [] : [address];
  });
}

/** What an install takes from another index than its language's own, and what no hash pins. */
export function sourceFetches(
  event: CommandEvent,
  installs: readonly PackageInstall[],
  before: readonly CommandEvent[],
  files: StageFiles,
): readonly Fetch[] {
  if (installs.length === 0 || event.isOffline) return [];
  const isLocked = installs.every(({ lockFile }) => lockFile);
  const lines = /^(?:pip[\d.]*|uv)$/.test(event.program) ? requirementLines(event, files) : [];
  const indexes =
    indexesOf(event.program)?.isHashed === true && isLocked
      ? []
      : indexesIn(event, before, files, lines);
  const others = [...new Set(indexes)].filter(
    (address) => !OWN.test(address ?? '') && !/^file:|localhost|127\.0/.test(address ?? ''),
  );
  const entries = installs.flatMap(({ looseLock }) => {
    const address = looseLock?.address;
    return address === undefined || OWN.test(address) ? [] : [address];
  });
  const of = (address: string): Fetch => ({
    ...fetchOf(event, 'package-url', {
      ...constantField(address),
      constant: !address.includes('$'),
    }),
    toOutput: false,
  });
  return [
    ...others.map((address) => ({
      ...of(address ?? '${index}'),
      ...(/^http:/i.test(address ?? '')
        ? {}
        : {
            open: `packages come from ${address?.replace(/\/\/[^/@]*@/, '//') ?? 'an index'}, and no hash pins them`,
          }),
    })),
    ...[...looseAddresses(lines), ...entries].map(of),
  ];
}

/**
 * Lists of repositories and settings of managers that the build copies: nobody may have signed what
 * they name.
 */
const SOURCES = /^\/etc\/(?:apt\/(?:sources|apt\.conf|preferences)|yum|dnf|zypp|pacman)/;

/** What a COPY or ADD says of the checks of a manager. */
export function uncheckedFiles(event: CopyEvent, files: StageFiles): readonly Fetch[] {
  const { id, stage, instruction, folder } = event;
  const { range, keyword, rawArguments, arguments: words } = instruction;
  const to = pathIn(folder, words.at(-1) ?? '');
  const off = files.put(SOURCES, id + 1).flatMap((path) => {
    const content = path.startsWith(to) ? files.at(path, id + 1) : undefined;
    if (content === undefined) return [];
    const by =
      content.kind === 'text'
        ? turnsChecksOff('', [], content.text, true, true)?.by
        : 'a list of repositories that is not shown';
    return by === undefined ? [] : [by];
  });
  return off.slice(0, 1).map((by) => ({
    id,
    stage,
    range,
    text: `${keyword} ${rawArguments}`.slice(0, 400),
    kind: 'package-url',
    address: by,
    constant: false,
    target: '',
    toOutput: false,
    within: [],
    open: `${by} may turn the checks of the package manager off`,
  }));
}

/**
 * Settings by which a manager takes what nobody signed: in words, variables and files that are
 * written.
 */
export function uncheckedSources(event: CommandEvent, isInstall: boolean): readonly Fetch[] {
  const { program, range, input, isOffline, isFollowed } = event;
  if (isOffline || isFollowed) return [];
  const words = wordsOf(event);
  const isManager =
    isInstall ||
    managerOf(program) !== undefined ||
    /^(?:go|git|rpm|dpkg|add-apt-repository|composer|gem|bundler?|cargo|snap|helm|dotnet|nuget)$/.test(
      program,
    );
  const isHashed = words.some((word) => /^--require-hashes$|^--hash=/.test(word));
  const found = isHashed
    ? undefined
    : turnsChecksOff(program, words, input?.text ?? '', isManager, isInstall);
  const variable =
    !isInstall || isHashed
      ? undefined
      : [...event.allVariables()].find(
          ([name, value]) =>
            value !== '' &&
            UNCHECKED_VARIABLES.some(
              (row) =>
                row.programs.test(program) &&
                row.names.test(name) &&
                row.unless?.test(value ?? '') !== true,
            ),
        )?.[0];
  const by = found?.by ?? variable;
  if (by === undefined) return [];
  const reason = `${by} turns it off`;
  if (found?.isSure === true)
    return [
      namedFetch(event, 'package-url', by, {
        ineffectiveCheck: { method: 'the package manager’s signature check', reason, range },
      }),
    ];
  return [
    namedFetch(event, 'package-url', by, {
      open: `${by} may turn the checks of the package manager off`,
    }),
  ];
}
