import type { CommandIo } from './io.ts';

/** Variables set where nobody watches: by most CI systems, some others, Jenkins and TeamCity. */
const CI_VARIABLES = ['CI', 'CONTINUOUS_INTEGRATION', 'BUILD_NUMBER', 'TEAMCITY_VERSION'];

/** True where a variable is set to more than a no. */
export function isSet(env: CommandIo['env'], name: string): boolean {
  return !['', '0', 'false'].includes(env[name] ?? '');
}

/** True in a job that nobody watches. */
export function isCi(env: CommandIo['env']): boolean {
  return CI_VARIABLES.some((name) => isSet(env, name));
}

/** True where a person reads stderr and can type, even in plain text: a login may be asked for. */
export function isAtTerminal({
  env,
  inIsTerminal,
  errIsTerminal,
}: Pick<CommandIo, 'env' | 'inIsTerminal' | 'errIsTerminal'>): boolean {
  return inIsTerminal && errIsTerminal && !isCi(env);
}
