import { parse } from 'yaml';
import { field, listField, objectOf, parseJson, textField } from '../lib/json.ts';
import type { FactReader, Project } from '../model/template.ts';

/** Sources that start a program, by their usual names. */
export const SOURCE =
  /^(?:(?:src\/|app\/|cmd\/[^/]+\/)?(?:server|index|main|app)\.(?:[cm]?[jt]s|py|rb|go|rs)|[^/]+\/__main__\.py)$/;

/**
 * Lines that name the port whole, of any language. No variable is followed: what is not found is
 * assumed, and said so.
 */
const IN_SOURCE: readonly RegExp[] = [
  /\bprocess\.env(?:\.PORT|\[["']PORT["']\])(?:\s?,\s?10)?\)?\s{0,4}(?:\|\||\?\?)\s{0,4}["']?(\d{2,5})\b/,
  /\{\s{0,4}PORT\s{0,4}=\s{0,4}["']?(\d{2,5})["']?\s{0,4}\}\s{0,4}=\s{0,4}process\.env\b/,
  /\.listen\(\s{0,8}(?:\{\s{0,8}port\s{0,4}:\s{0,4})?(\d{2,5})\b/,
  /^\s{0,20}(?:const|let|var)\s+port\s{0,4}=\s{0,4}(\d{2,5})\s{0,4};?\s{0,4}$/im,
  /\b(?:environ\.get|getenv)\(\s{0,4}["']PORT["']\s{0,4},\s{0,4}["']?(\d{2,5})\b/,
  /\brun\([^()\n]{0,200}\bport\s{0,4}=\s{0,4}(\d{2,5})\b/,
  /\bHTTPServer\(\s{0,4}\(\s{0,4}["'][^"'\n]{0,100}["']\s{0,4},\s{0,4}(\d{2,5})\b/,
  /\b(?:ListenAndServe(?:TLS)?\(|Addr:|\.(?:Run|Start|Listen)\()\s{0,8}"[^"\n:]{0,100}:(\d{2,5})"/,
  /\bENV(?:\.fetch\(\s{0,4}["']PORT["']\s{0,4},|\[["']PORT["']\]\s{0,4}\|\|)\s{0,4}["']?(\d{2,5})\b/,
  /^\s{0,20}set\s+:port,\s{0,4}(\d{2,5})\b/m,
  /\bbind\(\s{0,4}&?"[\d.:[\]]{0,60}:(\d{2,5})"/,
  /\[0,\s?0,\s?0,\s?0\],\s{0,4}(\d{2,5})\)/,
];
const COMPOSE = /^(?:docker-)?compose\.ya?ml$/;
const BY_FLAG = /\s(?:-p|--port|--bind|-b)[ =](?:[\w.]{0,60}:)?(\d{2,5})(?:\s|$)/;
const EXPOSE = /^EXPOSE\s+(\d{2,5})(?:\/tcp)?\s{0,20}$/im;

/** The port that a project's own program listens on, and the file that says it. */
export function projectPort(
  reader: FactReader | undefined,
  { files, texts }: Project,
  facts: ReadonlyMap<string, string>,
): { readonly port: string; readonly file: string } | undefined {
  // There the template's own server listens.
  if (reader === 'site' || reader === 'php') return undefined;
  const starts = (path: string): boolean => [facts.get('entry'), facts.get('start')].includes(path);
  const sources = files.filter((path) => SOURCE.test(path));
  const ordered = [
    ...sources.toSorted((a, b) => Number(starts(b)) - Number(starts(a))),
    'package.json',
    'Procfile',
    ...files.filter((path) => COMPOSE.test(path)),
    'Dockerfile',
  ];
  for (const file of ordered) {
    const port = portIn(file, texts.get(file) ?? '');
    if (port !== undefined) return { port, file };
  }
  return undefined;
}

function portIn(file: string, text: string): string | undefined {
  if (COMPOSE.test(file)) return inCompose(text);
  if (file === 'package.json')
    return BY_FLAG.exec(textField(field(parseJson(text), 'scripts'), 'start') ?? '')?.[1];
  if (file === 'Procfile') return BY_FLAG.exec(text)?.[1];
  if (file === 'Dockerfile') return EXPOSE.exec(text)?.[1];
  return IN_SOURCE.map((form) => form.exec(text)?.[1]).find((found) => found !== undefined);
}

/** Of the only service that is built here, the port that it publishes first. */
function inCompose(text: string): string | undefined {
  try {
    const services = Object.values(objectOf(field(parse(text), 'services')));
    const [built, other] = services.filter((one) => field(one, 'build') !== undefined);
    const [first] = other === undefined ? listField(built, 'ports') : [];
    const target = field(first, 'target') ?? first;
    return /^(?:.{0,100}:)?(\d{2,5})(?:\/tcp)?$/.exec(String(target))?.[1];
  } catch {
    return undefined;
  }
}
