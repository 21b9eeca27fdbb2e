import { posix } from 'node:path';
import type { Instruction } from '../../../model/dockerfile.ts';
import type { FixInput } from '../../../model/fix-rule.ts';
import { lookup } from '../../../model/lookup.ts';
import { started } from './program/started.ts';
import { baseName, inImage, lastInImage } from './stage-view.ts';

/** Folders that known servers write to, by program, in Debian packages and official images. */
const SERVER_FOLDERS = lookup<readonly string[]>({
  nginx: ['/var/cache/nginx', '/var/lib/nginx', '/var/log/nginx', '/run'],
  'apache2-foreground': ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  apache2: ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  apache2ctl: ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  'httpd-foreground': ['/usr/local/apache2/logs'],
  'redis-server': ['/data'],
  'catalina.sh': ['/usr/local/tomcat/logs', '/usr/local/tomcat/temp', '/usr/local/tomcat/work'],
});

/** System folders: what a RUN makes in them is for programs and settings, or is not kept. */
const SYSTEM =
  /^\/(?:bin|sbin|lib\w*|boot|dev|etc|proc|sys|root|tmp|usr(?!\/(?:src|share\/nginx|local\/(?:apache2|tomcat))(?:\/|$))|var\/(?:lib|cache)\/(?:apt|dpkg)|var\/log\/apt|var\/tmp|run\/secrets|run\/lock)(?:\/|$)/;

function words(input: FixInput): readonly string[] {
  return ['ENTRYPOINT', 'CMD'].flatMap((keyword) => {
    const found = lastInImage(input, keyword);
    return found === undefined
      ? []
      : found.instruction.arguments.flatMap((word) => word.split(/\s+/));
  });
}

/** The server that the image starts, where it is one that is known. */
function serverOf(input: FixInput): string | undefined {
  const said = words(input).map((word) => word.split('/').at(-1) ?? '');
  const programs = [...said, ...started(input).called.map(({ name }) => name)];
  const own = programs.find((program) => Object.hasOwn(SERVER_FOLDERS, program));
  if (own !== undefined) return own;
  const name = baseName(input);
  return name === 'nginx' && said.length === 0 ? name : undefined;
}

/** Folders that a RUN makes by `mkdir` or `install -d`, absolute where that is known. */
function madeFolders({ commands }: Instruction, folder: string): readonly string[] {
  let at = folder;
  return commands.flatMap(({ words }) => {
    const [program = '', ...rest] = words.map(({ value }) => value ?? '');
    if (program === 'cd' || program === 'pushd') at = posix.resolve('/', at, rest[0] ?? '');
    const makes = program === 'mkdir' || (program === 'install' && rest.includes('-d'));
    if (!makes) return [];
    const operands = rest.filter(
      (word, i) => !/^-|^$/.test(word) && !/^-[mog]$/.test(rest[i - 1] ?? ''),
    );
    return operands.flatMap((path) =>
      path.startsWith('/') ? [path] : at === '' ? [] : [posix.resolve('/', at, path)],
    );
  });
}

/** Folders that the app writes to, as far as the Dockerfile shows: volumes, made ones, servers'. */
export function writtenFolders(input: FixInput): readonly string[] {
  const found = new Set<string>();
  for (const { keyword, instruction, folder } of inImage(input)) {
    if (keyword === 'VOLUME')
      for (const path of instruction.arguments) if (path.startsWith('/')) found.add(path);
    if (keyword === 'RUN')
      for (const path of madeFolders(instruction, folder))
        if (/^\/[\w.-]/.test(path) && /^[\w./-]+$/.test(path) && !SYSTEM.test(path))
          found.add(path);
  }
  const server = serverOf(input);
  for (const path of server === undefined ? [] : (SERVER_FOLDERS[server] ?? [])) found.add(path);
  return [...found]
    .map((path) => path.replace(/(?<=^\/|[^/])\/+$/, ''))
    .filter((path) => path !== '/');
}
