import { relative, resolve } from 'node:path';
import type { Settings } from '../model/settings.ts';
import { settingsOf } from '../pipeline/load-settings.ts';
import { cleanForTerminal } from '../ui/clean.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';

/** Settings of a command that edits or checks the current project. `named`: the `--config` file. */
export function projectSettings(named: string | undefined, io: CommandIo): Promise<Settings> {
  return loaded(named, io, 'project');
}

/**
 * The settings of a command on images that anyone may have made. What the project of the folder
 * says of trust does not count: a line says so. `named`: the file of `--policy`.
 */
export async function imageSettings(named: string | undefined, io: CommandIo): Promise<Settings> {
  const settings = await loaded(named, io, 'image');
  for (const line of ignoredLines(settings, io))
    io.writeErr(`scoville: ${cleanForTerminal(line)}\n`);
  return settings;
}

/** The settings with the key of `--key`, where it is given. */
export function withKey(settings: Settings, key: string | undefined): Settings {
  return key === undefined ? settings : { ...settings, sign: { ...settings.sign, key } };
}

function loaded(
  named: string | undefined,
  io: CommandIo,
  task: 'project' | 'image',
): Promise<Settings> {
  return settingsOf({
    named: named === undefined ? undefined : resolve(io.cwd, named),
    startDir: io.cwd,
    userDir: pathsOf(io).config,
    task,
    now: io.now(),
  });
}

/** Settings of the project's own image; a command on images asks for none of them. */
const OF_ITS_BUILDS =
  /^(?:image|attest|reproducible|fix|ui)\.|^sign\.(?:enabled|format|keyless)$|^lock$/;

function ignoredLines({ ignored }: Settings, { cwd }: CommandIo): readonly string[] {
  return ignored.flatMap(({ file, settings }) => {
    const name = relative(cwd, file);
    const declared = settings.filter((setting) => setting.startsWith('secrets.'));
    const trusted = settings.filter(
      (setting) => !declared.includes(setting) && !OF_ITS_BUILDS.test(setting),
    );
    return [
      ...(trusted.length === 0
        ? []
        : [
            `${name} is not trusted for images: ignored ${trusted.join(', ')}; ` +
              `--policy ${name} applies them`,
          ]),
      ...(declared.length === 0
        ? []
        : [`${name}: ${declared.join(', ')} counts only for images built from that project`]),
    ];
  });
}
