/**
 * What a CI system takes for a command in a job's log: `##vso[` of Azure Pipelines and the old
 * `##[` of GitHub's runner anywhere in a line, `##teamcity[` and GitHub's `::set-output ...::`
 * where one begins. A long text is broken into lines, so that any place may be a beginning.
 */
const AZURE = /##(vso|teamcity|)\[/gi;
const GITHUB =
  /::(?=(?:debug|notice|warning|error|group|endgroup|echo|set-output|save-state|set-env|add-path|add-mask|add-matcher|remove-matcher|stop-commands|internal-[a-z-]+)\b)/gi;

/** Text from outside in which a CI system finds no command: a blank parts what begins one. */
export function withoutCiCommands(text: string): string {
  return text.replace(AZURE, '##$1 [').replace(GITHUB, ': :');
}

/** JSON with the same values, in which it finds none. */
export function jsonWithoutCiCommands(json: string): string {
  return json.replace(/#(?=#(?:vso|teamcity)?\[)/gi, '\\u0023');
}
