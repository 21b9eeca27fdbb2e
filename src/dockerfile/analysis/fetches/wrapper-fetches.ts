import { fileName } from '../../../model/path.ts';
import { SHELLS } from '../../../programs/kinds/shells.ts';
import { constantField } from '../../shell/fields.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import type { StageFiles } from '../stage-files.ts';
import { type Fetch, fetchOf, isRemote } from './fetch.ts';

/** Project scripts that fetch a build tool and then start it, and the file that says from where. */
const SETTINGS: Readonly<Record<string, string>> = {
  mvnw: '.mvn/wrapper/maven-wrapper.properties',
  gradlew: 'gradle/wrapper/gradle-wrapper.properties',
};
const SUM = /^[ \t]*distributionSha256Sum[ \t]*[=:][ \t]*[0-9a-f]{64}[ \t]*$/im;
const ADDRESS = /^[ \t]*distributionUrl[ \t]*[=:][ \t]*(\S+)/m;

/** What `./mvnw` and `./gradlew` fetch, where their settings are known: the sum there checks it. */
export function wrapperFetches(event: CommandEvent, files: StageFiles): readonly Fetch[] {
  const script = event.argv[SHELLS.has(event.program) ? 1 : 0]?.text ?? '';
  const place = SETTINGS[fileName(script)];
  if (place === undefined || !Object.hasOwn(SETTINGS, fileName(script))) return [];
  const folder = pathIn(event.folder, script.replace(/(?<![^/])[^/]*$/, '') || '.');
  const settings = files.at(pathIn(folder, place), event.id);
  if (settings?.kind !== 'text') return [];
  const address = ADDRESS.exec(settings.text)?.[1]?.replaceAll('\\', '');
  if (address === undefined || !isRemote(address)) return [];
  const method = 'distributionSha256Sum';
  const ownCheck = SUM.test(settings.text) ? { method, range: event.range } : undefined;
  const details = ownCheck === undefined ? {} : { ownCheck };
  return [fetchOf(event, 'other', constantField(address), '', details)];
}
