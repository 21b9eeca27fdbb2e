import { fileName } from '../../model/path.ts';
import { CREDENTIAL_FILES, type CredentialFile } from './credential-table.ts';
import { isNamedSecret } from './named-secret.ts';
import type { FoundSecret } from './secret-text.ts';
import { isPlaceholder } from './secret-value.ts';

/** Settings for a shell or Terraform, where names say what is secret; without their templates. */
const ENV_FILE = /^(?:\.env(?:\.[\w-]+)*|[\w.-]*\.env|[\w.-]+\.tfvars)$/;
const TEMPLATE =
  /(?:^|[._-])(?:example|sample|template|tmpl|tpl|dist|default|schema)s?(?:[._-]|$)/i;
const ENV_ASSIGNMENT =
  /^[\t ]{0,20}(?:export[\t ]{1,9})?([A-Za-z_][\w.-]{0,100})[\t ]{0,20}=[\t ]{0,20}(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})'|([^\s"'#]{1,2000}))/gm;
const MAX_FINDINGS = 20;

const BY_NAME = new Map<string, CredentialFile[]>();
for (const file of CREDENTIAL_FILES)
  for (const name of file.names) BY_NAME.set(name, [...(BY_NAME.get(name) ?? []), file]);
const BY_PART = CREDENTIAL_FILES.filter(({ parts }) => parts.length > 0);
const PARTS = BY_PART.flatMap(({ parts }) => parts);

/** The rows for a path. An image has 100,000 files: the name alone rules out nearly all of them. */
function rowsOf(path: string): readonly CredentialFile[] {
  const name = fileName(path);
  const named = BY_NAME.get(name)?.filter((file) => file.path.test(path)) ?? [];
  if (!PARTS.some((part) => path.includes(part))) return named;
  const others = BY_PART.filter(
    (file) =>
      !file.names.includes(name) &&
      file.parts.some((part) => path.includes(part)) &&
      file.path.test(path),
  );
  return named.length === 0 ? others : [...named, ...others];
}

function isEnvFile(path: string): boolean {
  const name = fileName(path);
  return ENV_FILE.test(name) && !TEMPLATE.test(name);
}

/** True for files whose name says that they contain credentials. */
export function isCredentialFile(path: string): boolean {
  return isEnvFile(path) || rowsOf(path).length > 0;
}

const BARE =
  /^(.*)\/objects\/(?:[0-9a-f]{2}\/[0-9a-f]{38}|pack\/pack-[0-9a-f]{40}\.pack)(?:[0-9a-f]{24})?$/;

/** The repository that a file within its `.git` belongs to; undefined for files elsewhere. */
export function gitDirectoryOf(path: string): string | undefined {
  // A bare repository has any name.
  const bare = path.includes('/objects/') ? BARE.exec(path)?.[1] : undefined;
  if (bare !== undefined) return bare;
  if (!path.includes('.git/')) return undefined;
  return /^((?:.*\/)?\.git)\/(?:HEAD|config|index|packed-refs|ORIG_HEAD|objects\/pack\/[^/]+\.pack)$/.exec(
    path,
  )?.[1];
}

function isReference(value: string): boolean {
  return /^\$(?![0-9a-z]{1,10}\$)|^%|^\{\{|^<|^env:|^\*+$/i.test(value);
}

function ofEnvFile(text: string): readonly FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const match of text.matchAll(ENV_ASSIGNMENT)) {
    const value = match[2] ?? match[3] ?? match[4] ?? '';
    // Settings of a project keep a word there until somebody fills them in.
    if (isPlaceholder(value) || !isNamedSecret(match[1] ?? '', value)) continue;
    found.push({ rule: 'env-file', value, at: match.index + match[0].indexOf(value) });
    if (found.length >= MAX_FINDINGS) break;
  }
  return found;
}

/** Credentials in a file made for them, one a line; values that only name a variable are not. */
export function credentialsIn(path: string, text: string): readonly FoundSecret[] {
  const found = rowsOf(path).flatMap(({ id, content }) => {
    const secrets: FoundSecret[] = [];
    for (const match of text.matchAll(content)) {
      const value = match[1] ?? '';
      const at = match.index + match[0].lastIndexOf(value);
      const before = secrets.at(-1);
      if (before !== undefined && !text.slice(before.at, at).includes('\n')) continue;
      if (isReference(value) || isPlaceholder(value)) continue;
      secrets.push({ rule: id, value, at });
      if (secrets.length >= MAX_FINDINGS || id === 'mounted-secret') break;
    }
    return secrets;
  });
  return isEnvFile(path) ? [...found, ...ofEnvFile(text)] : found;
}
