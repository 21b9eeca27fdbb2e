import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Registries } from '../build/registries.ts';
import { matchesImage } from '../criteria/trusted-source.ts';
import { quoted } from '../image/documents.ts';
import { kindOf } from '../image/open-image.ts';
import { listNames } from '../image/registry/lists.ts';
import { UserError } from '../lib/errors.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import { isAttachedTag, parseReference } from '../model/reference.ts';

/** Images that one folder or pattern may name: a person wants to see a longer list first. */
const MAX_IMAGES = 500;

type Outside = Pick<PipelineContext, 'cwd' | 'emit'>;

/**
 * The images that are meant, each once. A folder means the archives and layouts in it, a name with
 * `*` what its registry lists, any other name itself. Throws UserError for none or too many.
 */
export async function severalImages(
  texts: readonly string[],
  context: Outside,
  registries: Pick<Registries, 'reader'>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const text of texts) {
    const isPath = /^(?:\.{0,2}\/|\.{1,2}$)/.test(text);
    const inside = isPath ? await inFolder(text, context) : [];
    const listed = !isPath && text.includes('*') ? await inRegistry(text, registries) : inside;
    if (listed.length > MAX_IMAGES)
      throw new UserError(`${quoted(text)} names more than ${MAX_IMAGES} images`, {
        nextStep: 'narrow it down, or give the names in a file: scoville grade --file LIST',
      });
    for (const one of listed.length === 0 ? [text] : listed) found.add(one);
  }
  return [...found];
}

/** What lies in the folder itself. Links may lead out of it, and are left. */
async function inFolder(folder: string, { cwd, emit }: Outside): Promise<readonly string[]> {
  const path = resolve(cwd, folder);
  // Anything but a folder that can be read is opened as one image: that says what is wrong.
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === 'oci-layout')) return [];
  const images: string[] = [];
  for (const entry of entries.sort((a, b) => byNumbers(a.name, b.name))) {
    const name = `${folder}/${entry.name}`.replace('//', '/');
    const text = `${name} is a link, and was not graded`;
    if (entry.isSymbolicLink()) emit({ kind: 'warning', text });
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const kind = await kindOf(join(path, entry.name), false).catch(() => undefined);
    if (kind === 'archive' || kind === 'layout') images.push(name);
  }
  return images;
}

/** `HOST/team/*:1.*`: repositories by the registry's catalog, tags by each one's list. */
async function inRegistry(
  text: string,
  registries: Pick<Registries, 'reader'>,
): Promise<readonly string[]> {
  const bare = text.replace(/^(?:registry:|docker:\/\/)/, '');
  const [, name = '', tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/s.exec(bare) ?? [];
  // A letter for each star: what is left has to be a name.
  const parsed = parseReference(name.replaceAll('*', 'x'));
  const host = name.slice(0, name.indexOf('/') + 1);
  if (!parsed.ok || (name.includes('*') && host !== `${parsed.value.registry}/`))
    throw new UserError(`${quoted(text)} is not a pattern of images`, {
      nextStep: "write 'HOST/REPOSITORY:*' or 'HOST/TEAM/*:TAG', without a star in the host",
    });
  const { registry, repository } = parsed.value;
  const client = registries.reader(registry);
  const all = name.includes('*') ? await listNames(client) : [repository];
  const repositories = all.filter((one) => matchesImage(name, { registry, repository: one }));
  if (repositories.length > MAX_IMAGES) return repositories;
  const images: string[] = [];
  for (const one of repositories.sort(byCodeUnit)) {
    for (const found of [...(await listNames(client, one))].sort(byNumbers)) {
      const image = parseReference(`${registry}/${one}:${found}`);
      const isMeant = image.ok && matchesImage(`${name}:${tag}`, image.value);
      if (isMeant && !isAttachedTag(found)) images.push(`registry:${registry}/${one}:${found}`);
    }
    if (images.length > MAX_IMAGES) return images;
  }
  if (images.length > 0) return images;
  throw new UserError(`${registry} lists no image that matches ${quoted(text)}`, {
    nextStep: `check the name; if it is private: docker login ${registry}`,
  });
}

/** `1.9` before `1.10`. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || byCodeUnit(a, b);
}
