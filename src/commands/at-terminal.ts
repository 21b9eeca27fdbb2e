import type { CommandIo } from './io.ts';

/** Variables that say that no person is watching: most CI systems set the first, the others are of Jenkins and TeamCity. */
const CI_VARIABLES = ['CI', 'CONTINUOUS_INTEGRATION', 'BUILD_NUMBER', 'TEAMCITY_VERSION'];

/** True where a variable is set to more than a no. */
export function isSet(env: CommandIo['env'], name: string): boolean {
  return !['', '0', 'false'].includes(env[name] ?? '');
}

/** True in a job that nobody watches. */
export function isCi(env: CommandIo['env']): boolean {
  return CI_VARIABLES.some((name) => isSet(env, name));
}

/** True where a person reads stderr and could type, also one who wants plain text: a login may be asked for. */
export function isAtTerminal({
  env,
  inIsTerminal,
  errIsTerminal,
}: Pick<CommandIo, 'env' | 'inIsTerminal' | 'errIsTerminal'>): boolean {
  return inIsTerminal && errIsTerminal && !isCi(env);
}
