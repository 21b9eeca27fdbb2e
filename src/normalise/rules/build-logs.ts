import { pathRule } from '../rule.ts';

export const buildLogs = pathRule({
  id: 'build-logs',
  touches:
    'Logs of what CMake and Meson tried while they configured a build folder, and of what Meson’s tests did.',
  safeBecause:
    'They are for people, who could want them: names of temporary folders and durations are in them. No build reads them.',
  answers: 'Build folders that stay in the image',
  mode: 'aggressive',
  kind: 'drop',
  files: [
    '**/CMakeFiles/CMakeConfigureLog.yaml',
    '**/CMakeFiles/CMakeOutput.log',
    '**/CMakeFiles/CMakeError.log',
    '**/meson-logs/meson-log.txt',
    '**/meson-logs/testlog.txt',
    '**/meson-logs/testlog.json',
    '**/meson-logs/testlog.junit.xml',
  ],
});
