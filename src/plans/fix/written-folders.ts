import type { FixInput } from '../../model/fix-rule.ts';
import { lookup } from '../../model/lookup.ts';
import { inImage, lastInImage } from './stage-view.ts';

/** Folders that known servers write to, by their program; those of Debian's packages and of the official images. */
const SERVERS = lookup<readonly string[]>({
  nginx: ['/var/cache/nginx', '/var/lib/nginx', '/var/log/nginx', '/run'],
  'apache2-foreground': ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  apache2ctl: ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  'httpd-foreground': ['/usr/local/apache2/logs'],
  'redis-server': ['/data'],
  'catalina.sh': ['/usr/local/tomcat/logs', '/usr/local/tomcat/temp', '/usr/local/tomcat/work'],
});

/** Below these, what an image makes itself is for writing. */
const OWN =
  /^\/(?:data|srv|var\/(?:lib|log|cache|run|spool)|run|app|opt|home|usr\/src|workspace|code)(?:\/|$)/;
const SYSTEM =
  /^\/(?:var\/(?:lib|cache)\/(?:apt|dpkg)|var\/log\/apt|run\/secrets|run\/lock)(?:\/|$)/;

function words(input: FixInput): readonly string[] {
  return ['ENTRYPOINT', 'CMD'].flatMap((keyword) => {
    const found = lastInImage(input, keyword);
    return found === undefined
      ? []
      : found.instruction.arguments.flatMap((word) => word.split(/\s+/));
  });
}

/** The server that the image starts, where it is one that is known. */
export function serverOf(input: FixInput): string | undefined {
  const programs = words(input).map((word) => word.split('/').at(-1) ?? '');
  const own = programs.find((program) => Object.hasOwn(SERVERS, program));
  if (own !== undefined) return own;
  const first = input.imageStages[0];
  const base = first === undefined ? undefined : input.model.stages[first]?.base;
  const name =
    base?.kind === 'image' ? base.image.reference?.repository.split('/').at(-1) : undefined;
  return name === 'nginx' && programs.length === 0 ? name : undefined;
}

/** Folders with all that is in them that the app writes to, as far as the Dockerfile tells: volumes, folders that it makes, those of known servers. */
export function writtenFolders(input: FixInput): readonly string[] {
  const found = new Set<string>();
  for (const { keyword, instruction } of inImage(input)) {
    if (keyword === 'VOLUME')
      for (const path of instruction.arguments) if (path.startsWith('/')) found.add(path);
    if (keyword === 'RUN')
      for (const { words: argv, nested } of instruction.commands) {
        const values = argv.map(({ value }) => value ?? '');
        if (nested || values[0] !== 'mkdir') continue;
        for (const path of values.slice(1))
          if (OWN.test(path) && !SYSTEM.test(path) && /^[\w./-]+$/.test(path)) found.add(path);
      }
  }
  const server = serverOf(input);
  for (const path of server === undefined ? [] : (SERVERS[server] ?? [])) found.add(path);
  return [...found].map((path) => path.replace(/(.)\/+$/, '$1')).filter((path) => path !== '/');
}

/** The folder that the image works in; '' where it is not told. */
export function workingFolder(input: FixInput): string {
  let folder = '';
  for (const { keyword, instruction } of inImage(input)) {
    if (keyword !== 'WORKDIR') continue;
    const to = instruction.arguments[0] ?? '';
    if (to.includes('$')) folder = '';
    else folder = to.startsWith('/') ? to : folder === '' ? '' : `${folder}/${to}`;
  }
  return folder.replace(/(.)\/+$/, '$1');
}
