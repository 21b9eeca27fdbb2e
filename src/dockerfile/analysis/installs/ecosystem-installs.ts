import { ECOSYSTEMS, type Ecosystem } from '../../../programs/managers/ecosystems.ts';
import { type InstallReader, install, lockedBy } from './install-context.ts';

function reader({ fetches, lock, enforced, unless }: Ecosystem): InstallReader {
  return (_program, argv, context) => {
    const line = argv.map(({ text }) => text).join(' ');
    if (!fetches.test(line) || unless?.test(line) === true) return [];
    if (enforced?.test(line) === false) return [install('other', [])];
    // `dotnet restore web/web.csproj` looks beside the project.
    const project = argv.slice(1).find(({ text }) => /\/[^/]*\.\w*proj$/.test(text))?.text;
    const folder = project?.replace(/\/[^/]*$/, '');
    return [lockedBy('other', lock, context.lockFile(lock, folder))];
  };
}

/** Readers of the managers that one rule judges, by program. */
export const ECOSYSTEM_INSTALLS: Readonly<Record<string, InstallReader>> = Object.fromEntries(
  ECOSYSTEMS.flatMap((one) => one.programs.split(' ').map((name) => [name, reader(one)])),
);
