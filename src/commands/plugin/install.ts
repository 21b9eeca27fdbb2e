import { EXIT, UserError } from '../../model/errors.ts';
import { installPlugins, uninstallPlugins } from '../../pipeline/docker-plugins.ts';
import { cleanLines } from '../../ui/clean.ts';
import { readFlags } from '../flags.ts';
import { usageLine } from '../help.ts';
import type { Command, CommandIo } from '../io.ts';
import { pathsOf } from '../paths.ts';
import { VERSION } from '../version.ts';

const INSTALL_HELP = `Usage: scoville install [--replace-build]

Makes \`docker scoville build\` work: puts the plugin docker-scoville into Docker's plugin folder, which is
cli-plugins in DOCKER_CONFIG or ~/.docker. Installing again is safe.

  --replace-build   makes docker build, docker image build and docker builder build go through scoville too: sets
                    aliases.builder in Docker's config.json, keeping what was there. All else of docker builder
                    (prune, du, bake ...) goes on to buildx as before.

scoville uninstall undoes both.
`;

const UNINSTALL_HELP = `Usage: scoville uninstall

Undoes scoville install: takes the plugins out of Docker's plugin folder, and puts aliases.builder of Docker's config.json
back as it was. Images, the layout, caches and keys stay (scoville prune).
`;

/** `scoville install`. */
export const install: Command = async (args, io) => {
  const { values, positionals } = readFlags('install', args, {
    'replace-build': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) return help(io, INSTALL_HELP);
  refuseNames('install', positionals);
  const { dockerConfig } = pathsOf(io);
  const about = { start: io.program, version: VERSION };
  tell(io, await installPlugins(dockerConfig, about, values['replace-build']));
  tell(io, [
    values['replace-build']
      ? 'docker build goes through scoville now; scoville uninstall undoes it'
      : 'try: docker scoville build .',
  ]);
  return EXIT.met;
};

/** `scoville uninstall`. */
export const uninstall: Command = async (args, io) => {
  const { values, positionals } = readFlags('uninstall', args, {
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) return help(io, UNINSTALL_HELP);
  refuseNames('uninstall', positionals);
  const { dockerConfig } = pathsOf(io);
  const changes = await uninstallPlugins(dockerConfig);
  tell(io, changes.length > 0 ? changes : [`nothing of scoville is installed in ${dockerConfig}`]);
  return EXIT.met;
};

function help(io: CommandIo, text: string): number {
  io.writeOut(text);
  return EXIT.met;
}

function refuseNames(command: string, names: readonly string[]): void {
  if (names.length > 0)
    throw new UserError(`${command} takes no names`, { nextStep: usageLine(command) });
}

function tell(io: CommandIo, lines: readonly string[]): void {
  for (const line of lines) io.writeErr(`scoville: ${cleanLines(line)}\n`);
}
