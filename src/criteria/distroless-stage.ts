import { posix } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { lookup, parseJson, textMapField } from '../lib/json.ts';
import { execStrings } from '../model/dockerfile.ts';
import type { FixInput, TextEdit } from '../model/fix.ts';
import type { Runtime } from './distroless-stacks.ts';
import { baseOfImage, inImage, lineEnd, type Placed } from './edit-text.ts';
import { stripsBits } from './no-elevated-files.ts';
import { databaseLines, writtenFolders } from './program-needs.ts';
import { checkWords, fromWorkFolder, type RuntimeCommand, workFolder } from './runtime-command.ts';

/** An interpreter's request that fails like a client's: no answer, or a status of 400 or more. */
const REQUESTS = lookup<(url: string) => readonly string[]>({
  node: (url) => [
    '-e',
    `fetch('${url}', { redirect: 'manual' }).then(async (r) => { await r.arrayBuffer(); if (r.status >= 400) throw r.status; })`,
  ],
  python: (url) => ['-c', `import urllib.request; urllib.request.urlopen('${url}', timeout=10)`],
});
/** A client that asks one address, for nothing else, and fails at an error. */
const ASKS =
  /^(?:curl (?=.*(?:-[sS]*f|--fail))(?:(?:-[fsS]+|--fail|--silent|--show-error|(?:-o|--output) (?:-|\/dev\/null)) )+|wget (?:(?:-q|--quiet|-nv|--no-verbose|--spider|-q?O ?(?:-|\/dev\/null)|(?:-t ?|--tries[= ])1|--no-check-certificate) )*)(?:http:\/\/)?([\w.-]+(?::\d+)?(?:\/[\w./?&=%~-]*)?)$/;

/** The HEALTHCHECK in exec form, by the final stage's own program or a request of it. */
function runtimeCheck(one: Placed, { program }: Pick<Runtime, 'program'>): Result<string> {
  const flags = one.text.slice(0, one.argumentsAt).trimEnd();
  const command = one.text.slice(one.argumentsAt).replace(/^CMD\s+/i, '');
  const exec = command.startsWith('[') ? execStrings(command) : undefined;
  const found = exec === undefined ? checkWords(command) : ok(exec);
  if (!found.ok) return err(`the HEALTHCHECK needs a shell: ${found.error}`);
  const [own = ''] = program;
  const [first = '', ...rest] = found.value;
  const bare = (path: string): string => posix.basename(path).replace(/(?<![\d.])[\d.]+$/, '');
  const asked = ASKS.exec([posix.basename(first), ...rest].join(' '))?.[1];
  const request =
    bare(first) === bare(own)
      ? rest
      : asked === undefined
        ? undefined
        : REQUESTS[bare(own)]?.(`http://${asked}`);
  if (request === undefined)
    return err(`the HEALTHCHECK starts ${first}, which the final stage does not have`);
  const words = [own, ...request].map((word) => JSON.stringify(word));
  return ok(`${flags} CMD [${words.join(', ')}]`);
}

/** Instructions that do not change what is built. */
const MOVED = new Set(
  'LABEL MAINTAINER EXPOSE STOPSIGNAL VOLUME HEALTHCHECK USER ENTRYPOINT CMD'.split(' '),
);
/** The user of the final stage. */
const OWNER = '65532:65532';
/** Outside of the app's folder, only folders that are for data by their place go along. */
const DATA = /^\/(?:data|var\/(?:lib|log|cache|run|spool)|run)(?:\/|$)/;
/** A path that neither a Dockerfile nor a shell reads in another way. */
const PLAIN_PATH = /^\/[\w.@+/-]*$/;

/** Where an instruction and the comment lines above it begin and end, and its line end. */
function lines({ source }: FixInput, { start, end }: Placed): { start: number; end: number } {
  const { text } = source;
  const close = lineEnd(text, end);
  const after = text.startsWith('\r\n', close) ? close + 2 : Math.min(close + 1, text.length);
  let first = text.lastIndexOf('\n', start - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf('\n', first - 2) + 1;
    if (first === 0 || !/^[ \t]*#/.test(text.slice(above, first)) || above < source.top) break;
    first = above;
  }
  return { start: first, end: after };
}

/** ENV stays in the old stage too, where a later step may read it. */
function isMoved(one: Placed, own: readonly Placed[]): boolean {
  // Of the base's files none gets into the final stage.
  if (one.keyword === 'RUN') return one.commands.length === 1 && stripsBits(one.commands);
  if (one.keyword !== 'ENV') return MOVED.has(one.keyword);
  // What is collected is looked for by it, as the environment of an interpreter in a folder of its
  // own.
  if (setsPath(one)) return false;
  const at = own.indexOf(one);
  return !own.slice(at + 1).some(({ keyword }) => keyword === 'RUN');
}

function setsPath({ text, argumentsAt }: Placed): boolean {
  return /^PATH[ =]/.test(text.slice(argumentsAt));
}

export function movedInstructions(input: FixInput, own: readonly Placed[]): readonly TextEdit[] {
  const spans = own.filter((one) => isMoved(one, own)).map((one) => lines(input, one));
  return spans.reduce<TextEdit[]>((edits, { start, end }) => {
    const last = edits.at(-1);
    if (last?.end === start) edits[edits.length - 1] = { ...last, end };
    else edits.push({ start, end, text: '' });
    return edits;
  }, []);
}

interface Final {
  readonly runtime: Runtime;
  readonly command: RuntimeCommand;
  /** Name of what was the last stage. */
  readonly stage: string;
  /** The base of the new one, by digest. */
  readonly image: string;
  /** False where a health check that cannot run there is left out. */
  readonly isChecked: boolean;
}

/** Lines of the collecting RUN and of the new stage; an error says what cannot be moved. */
export function stageLines(
  input: FixInput,
  own: readonly Placed[],
  final: Final,
): Result<readonly string[]> {
  const { runtime, command, stage, image } = final;
  const folder = workFolder(input);
  const copied = copiedPaths(input, own, runtime, folder);
  if (!copied.ok) return copied;
  const strange = [folder, ...copied.value].find((path) => !PLAIN_PATH.test(path));
  if (strange !== undefined) return err(`the path ${JSON.stringify(strange)} is not plain`);
  const env = environment(input, own);
  if (!env.ok) return env;
  const kept = keptLines(input, own, final);
  if (!kept.ok) return kept;
  const collect = [...runtime.collect, ...handedOver(input, folder, runtime.carries)];
  const { eol } = input.source;
  const pruned = leavesTools(input, runtime) ? ['RUN --network=none npm prune --omit=dev'] : [];
  return ok([
    ...(collect.length === 0
      ? []
      : ['# What the final stage needs of this one', ...pruned, collectRun(collect, eol)]),
    '',
    `# ${runtime.holds.charAt(0).toUpperCase()}${runtime.holds.slice(1)}: no shell, no package manager, no build tools`,
    `FROM ${image}`,
    ...env.value,
    ...runtime.env,
    // Before WORKDIR and COPY, which would make the folders of root.
    ...(collect.length === 0 ? [] : [`COPY --from=${stage} /runtime/ /`]),
    ...(folder === '/' ? [] : [`WORKDIR ${folder}`]),
    ...copied.value.map((path) => `COPY --from=${stage} ${path} ${path}`),
    ...kept.value,
    ...commentsAbove(input, own, 'ENTRYPOINT', 'CMD'),
    ...commandLines(runtime, command),
  ]);
}

/** True where npm's packages for development are in the app's folder, and nothing starts them. */
function leavesTools(input: FixInput, runtime: Runtime): boolean {
  const text = (name: string): string | undefined => input.contextFile(name);
  const manifest = parseJson(text('package.json') ?? '');
  const installs = input.analysis.installs.filter(
    ({ manager, stage }) => manager === 'npm' && stage === input.model.target,
  );
  return (
    runtime.program[0]?.endsWith('/node') === true &&
    text('package-lock.json') !== undefined &&
    Object.keys(textMapField(manifest, 'devDependencies')).length > 0 &&
    installs.some(
      ({ packages, command }) =>
        packages.length === 0 && !/\b(?:omit|only|production)\b/.test(command),
    )
  );
}

/** Comment lines above the instructions that are rewritten. */
function commentsAbove(
  input: FixInput,
  own: readonly Placed[],
  ...keywords: readonly string[]
): readonly string[] {
  return own
    .filter(({ keyword }) => keywords.includes(keyword))
    .flatMap((one) => {
      const { start } = lines(input, one);
      const above = input.source.text.slice(start, one.start);
      return above.split(/\r?\n/).slice(0, -1);
    });
}

function commandLines(runtime: Runtime, { entrypoint, cmd }: RuntimeCommand): readonly string[] {
  const array = (words: readonly string[]): string =>
    `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
  const { program } = runtime;
  // An interpreter's image has an entry point of its own, which would start the command.
  if (entrypoint.length === 0 && /^(?:static|base|cc)-/.test(runtime.base))
    return [`CMD ${array([...program, ...cmd.slice(1)])}`];
  if (entrypoint.length === 0)
    return [
      `ENTRYPOINT ${array(program)}`,
      ...(cmd.length > 1 ? [`CMD ${array(cmd.slice(1))}`] : []),
    ];
  return [
    `ENTRYPOINT ${array([...program, ...entrypoint.slice(1)])}`,
    ...(cmd.length > 0 ? [`CMD ${array(cmd)}`] : []),
  ];
}

/** True for a RUN that reads nothing of what was copied: it installs packages, makes folders. */
function isPreparation({ commands }: Placed): boolean {
  return (
    commands.length > 0 &&
    commands.every(({ argv: [program = ''] }) =>
      /^(?:apt|apt-get|apk|dnf|yum|microdnf|mkdir|chmod|chown|chgrp|find|rm|touch|useradd|groupadd|adduser|addgroup|usermod|set|true)$/.test(
        program,
      ),
    )
  );
}

/** The app's folder or its files, and what was copied elsewhere once it was built. */
function copiedPaths(
  input: FixInput,
  own: readonly Placed[],
  runtime: Runtime,
  folder: string,
): Result<readonly string[]> {
  const lastRun = own.findLastIndex((one) => one.keyword === 'RUN' && !isPreparation(one));
  const copies = own.flatMap((one, at) => {
    if (one.keyword !== 'COPY' && one.keyword !== 'ADD') return [];
    const target = one.instruction.arguments.at(-1) ?? '';
    const path = targetOf(one, fromWorkFolder(input, one.folder, target));
    return [{ path, isLate: at > lastRun }];
  });
  const isInside = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);
  if (runtime.carries !== 'folder') {
    const late = copies.filter(({ isLate }) => isLate).map(({ path }) => path);
    return ok([...new Set([...runtime.carries, ...late])]);
  }
  if (folder === '/') {
    const paths = [...new Set(copies.map(({ path }) => path))].filter((path) => !isCollected(path));
    return paths.includes('/')
      ? err('the app’s files lie in the root folder, with all others')
      : ok(paths);
  }
  const paths = copies.map(({ path }) => path);
  return ok([folder, ...new Set(paths.filter((path) => !isInside(path) && !isCollected(path)))]);
}

/** Below folders that are collected anyway, with what is in them. */
function isCollected(path: string): boolean {
  return /^\/(?:etc\/nginx|usr\/share\/nginx)(?:\/|$)/.test(path);
}

function targetOf({ instruction }: Placed, path: string): string {
  const [source = ''] = instruction.arguments;
  const written = instruction.arguments.at(-1) ?? '';
  if (instruction.arguments.length > 2 || source.endsWith('/') || source === '.') return path;
  return written.endsWith('/') || written === '.' ? posix.join(path, posix.basename(source)) : path;
}

function environment(input: FixInput, own: readonly Placed[]): Result<readonly string[]> {
  const found: string[] = [];
  const take = (one: Placed): void => {
    const { start, end } = lines(input, one);
    const text = input.source.text.slice(start, end).replace(/\r?\n$/, '');
    if (!found.includes(text)) found.push(text);
  };
  const sets = ({ instruction }: Placed, name: string): boolean =>
    instruction.arguments.some((word) => word === name || word.startsWith(`${name}=`));
  for (const [at, one] of own.entries()) {
    if (one.keyword !== 'ENV' || setsPath(one)) continue;
    const text = one.text.slice(one.argumentsAt);
    for (const [, name = ''] of text.matchAll(/\$\{?(\w*)/g)) {
      // The last that sets it; an ENV before goes along anyway.
      const by = own.slice(0, at).findLast((other) => sets(other, name) && !setsPath(other));
      if (by?.keyword !== 'ARG' && by?.keyword !== 'ENV')
        return err(`line ${one.line} sets a variable from one of the base`);
      if (by.keyword === 'ARG') take(by);
    }
    take(one);
  }
  return ok(found);
}

/** What moves to the final stage, in its old order; a health check without its shell. */
function keptLines(
  input: FixInput,
  own: readonly Placed[],
  { runtime, isChecked }: Final,
): Result<readonly string[]> {
  const kept: string[] = [];
  for (const one of own) {
    if (!MOVED.has(one.keyword) || ['USER', 'ENTRYPOINT', 'CMD'].includes(one.keyword)) continue;
    const { start, end } = lines(input, one);
    const text = input.source.text.slice(start, end).replace(/\r?\n$/, '');
    if (one.keyword !== 'HEALTHCHECK' || /^NONE\b/i.test(one.text.slice(one.argumentsAt)))
      kept.push(text);
    else {
      const check = runtimeCheck(one, runtime);
      if (!check.ok && isChecked) return check;
      if (!check.ok) continue;
      kept.push(`${input.source.text.slice(start, one.start)}${check.value}`);
    }
  }
  const config = baseOfImage(input)?.config.config;
  if (!own.some(({ keyword }) => keyword === 'EXPOSE'))
    for (const port of Object.keys(config?.ExposedPorts ?? {}))
      kept.push(`EXPOSE ${port.replace('/tcp', '')}`);
  return ok([...kept, ...commentsAbove(input, own, 'USER'), `USER ${OWNER}`]);
}

/**
 * One RUN of these commands, joined by `&&`, except after `do` or `;` in a loop. Nobody has to read
 * what its programs do: they fetch nothing.
 */
function collectRun(lines: readonly string[], eol: string): string {
  return `RUN --network=none ${lines
    .map((line, i) => {
      if (i === 0) return line;
      const isInLoop = /(?:\bdo|;)$/.test(lines[i - 1] ?? '');
      return ` \\${eol}${isInLoop ? '    ' : ' && '}${line.trimStart()}`;
    })
    .join('')}`;
}

/**
 * Commands for the build stage that give the user what the program may write to. The working folder
 * goes without its content; volumes and folders that the Dockerfile makes go with theirs. COPY
 * makes folders of root, so they go by `/runtime`.
 */
function handedOver(
  input: FixInput,
  folder: string,
  carries: Runtime['carries'],
): readonly string[] {
  const volumes = new Set(
    inImage(input).flatMap(({ keyword, instruction }) =>
      keyword === 'VOLUME' ? instruction.arguments : [],
    ),
  );
  const written = writtenFolders(input).filter(
    (path) => path !== folder && /^\/[\w./-]+$/.test(path),
  );
  const isInside = (path: string): boolean =>
    carries === 'folder' && folder !== '/' && path.startsWith(`${folder}/`);
  const inside = written.filter(isInside);
  const outside = written.filter(
    (path) => !isInside(path) && (volumes.has(path) || DATA.test(path)),
  );
  const all = [...inside, ...outside].join(' ');
  const own = folder === '/' ? '' : `/runtime${folder}`;
  const target = own === '' && outside.length > 0 ? '/runtime' : own;
  const made = [all, target].filter(Boolean).join(' ');
  return [
    ...(made === '' ? [] : [`mkdir -p ${made}`]),
    ...(all === '' ? [] : [`chown -R ${OWNER} ${all}`]),
    ...(carries === 'folder' ? databaseLines(input, folder, OWNER) : []),
    ...(outside.length === 0 ? [] : [`cp -a --parents ${outside.join(' ')} /runtime`]),
    ...(own === '' ? [] : [`chown ${OWNER} ${own}`]),
  ];
}
