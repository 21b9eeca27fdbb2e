import { EXIT } from '../../model/errors.ts';
import { installPlugins, uninstallPlugins } from '../../pipeline/docker-plugins.ts';
import { cleanLines } from '../../ui/clean.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { pathsOf } from '../paths.ts';
import { INSTALL, UNINSTALL } from '../small-specs.ts';
import { VERSION } from '../version.ts';

/** `scoville install`. */
export const install = command(INSTALL, async ({ replaceBuild }, _, io) => {
  const { dockerConfig } = pathsOf(io);
  const about = { start: io.program, version: VERSION };
  tell(io, await installPlugins(dockerConfig, about, replaceBuild));
  tell(io, [
    replaceBuild
      ? 'docker build goes through scoville now; scoville uninstall undoes it'
      : 'try: docker scoville build .',
  ]);
  return EXIT.met;
});

/** `scoville uninstall`. */
export const uninstall = command(UNINSTALL, async (_flags, _, io) => {
  const { dockerConfig } = pathsOf(io);
  const changes = await uninstallPlugins(dockerConfig);
  tell(io, changes.length > 0 ? changes : [`nothing of scoville is installed in ${dockerConfig}`]);
  return EXIT.met;
});

function tell(io: CommandIo, lines: readonly string[]): void {
  for (const line of lines) io.writeErr(`scoville: ${cleanLines(line)}\n`);
}
