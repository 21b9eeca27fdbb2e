import { parseImageName } from '../../oci/image-source.ts';

/**
 * A name with a registry's host means what lies there, since that is what a deploy pulls: a copy in
 * Docker may be an older or another one. All else is looked for as elsewhere in this program.
 */
export async function whereDeployed(text: string, cwd: string): Promise<string> {
  const name = await parseImageName(text, cwd);
  const hasHost = name.place === 'named' && text.startsWith(`${name.reference.registry}/`);
  return hasHost ? `registry:${text}` : text;
}
