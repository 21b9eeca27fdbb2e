import type { RunTool } from '../../model/run.ts';
import { parseSettings } from './git.ts';
import { quietGit } from './quiet-git.ts';

/**
 * Who git would name as the author of a commit in `dir`, as its settings say it: `Name <address>`,
 * or the one of both that is set. Undefined where neither is, or where git is missing.
 */
export async function gitUser(run: RunTool, dir: string): Promise<string | undefined> {
  const config = await quietGit(run, dir)(['config', '--list', '-z', '--show-scope']);
  if (config.ended !== 'exit' || config.exitCode !== 0) return undefined;
  const settings = parseSettings(config.stdout);
  // The last one of a key counts, as for git.
  const valueOf = (key: string): string =>
    settings.findLast((one) => one.key === key)?.value.trim() ?? '';
  const name = valueOf('user.name');
  const address = valueOf('user.email');
  if (name !== '' && address !== '') return `${name} <${address}>`;
  return name !== '' ? name : address !== '' ? address : undefined;
}
