import { installedPlugins } from '../../pipeline/docker-plugins.ts';
import type { Check } from './doctor-check.ts';

/** Whether `docker scoville` and `docker build` come here; that they do not is nobody's fault, unless it was asked for. */
export const PLUGIN_CHECK: Check = {
  id: 'docker-plugin',
  title: 'Docker plugin',
  required: false,
  look: async ({ paths: { dockerConfig } }) => {
    const { command, builder } = await installedPlugins(dockerConfig);
    if (builder === 'not-named')
      return {
        state: 'advice',
        detail: 'docker build went through scoville, and config.json names another builder since',
        fix: 'scoville install --replace-build',
      };
    if (builder === 'named') return { state: 'ok', detail: 'docker scoville, and docker build' };
    return command
      ? { state: 'ok', detail: 'docker scoville' }
      : { state: 'optional', detail: 'not installed (optional: scoville install)' };
  },
  fix: () => 'scoville install',
};
