import type { FixInput } from '../../../../model/fix-rule.ts';
import { BUILD_TOOLS } from '../../../../programs/kinds/build-tools.ts';
import { C_SHELLS, SHELLS } from '../../../../programs/kinds/shells.ts';
import { entryNamed, possibleNames } from '../../../../programs/kinds/tools-table.ts';
import { inImage, lastInImage } from '../stage-view.ts';
import { healthCheck, invocation } from './invocation.ts';
import { type Started, started } from './started.ts';

/** What an image is there for. */
type Purpose =
  /** It runs a program of its own. */
  | 'service'
  /** Others build on it: it starts nothing of its own. */
  | 'base'
  /** People or jobs work in it: it starts a shell, or waits. */
  | 'workplace'
  /** It builds: what it starts is a compiler or a build tool. */
  | 'builder';

/** Why what an image is there for keeps its tools. */
export const PURPOSES: Readonly<Record<Exclude<Purpose, 'service'>, string>> = {
  base: 'it starts nothing of its own, and others may build on it',
  workplace: 'people or jobs work in it',
  builder: 'it is there to build: what it starts is a build tool',
};

const CONSOLES =
  /^(?:irb|jshell|ipython|bpython|ghci|iex|erl|R|julia|node|nodejs|python[\d.]*|pypy[\d.]*|php|lua[\d.]*|psql|mysql|tmux|screen|login)$/;
const WAITS = /^(?:sleep|tail|cat|pause)$/;
/** Programs that build, besides the tools that no image needs at run time. */
const BUILDS =
  /^(?:bazelisk|buck|waf|configure|gofmt|tinygo|cargo|rustup|cabal|stack|mix|rebar3|mvnw|gradlew|emcc|em\+\+|emmake|nuget|xcodebuild|swift|dub|buf|buildifier|pdflatex|xelatex|lualatex|latexmk|ccache|distcc|distccd|sccache|debuild|arduino-cli|platformio|pio|idf\.py|west|qmake|qemu-[\w-]+|actions-runner|gitlab-runner|jenkins-agent|jenkins-slave|buildkite-agent)$/;

function builds(program: string): boolean {
  const tool = entryNamed(BUILD_TOOLS, possibleNames(program));
  return BUILDS.test(program) || (tool !== undefined && tool.kind !== 'language package builders');
}

/** What the names of images and stages, and labels say of images that people build in. */
const SAYS_BUILD =
  /(?:^|[\s"'/_.=-])(?:dev-?containers?|ci-image|ci|build-?env|builders?|buildpack|toolchains?|sdk|cross-?compil\w*|compilers?|devtools?|playground|workspace|codespaces?|gitpod|sandbox)(?:$|[\s"'/_.:=-])/i;

/** What an image is there for, by what it starts, and what it says of itself. */
export function purposeOf(input: FixInput, run: Started = started(input)): Purpose {
  const own = ['ENTRYPOINT', 'CMD'].some((keyword) => lastInImage(input, keyword) !== undefined);
  const found = invocation(input);
  const begins = run.called.filter(({ by }) => by === found?.by);
  const last = run.called.at(-1);
  if (inImage(input).some(({ keyword }) => keyword === 'ONBUILD')) return 'base';
  if (run.called.some(({ name }) => builds(name))) return 'builder';
  if (!own && healthCheck(input) === undefined)
    if (last === undefined || isConsole(last.name, last.words)) return 'base';
  if (saysBuild(input)) return 'workplace';
  if (run.unread.length > 0 && packages(input)) return 'builder';
  const main = begins.at(-1) ?? last;
  if (main !== undefined && begins.length < 2 && isConsole(main.name, main.words))
    return 'workplace';
  return 'service';
}

/** A shell or a console to type in, or what keeps a container up for one. */
function isConsole(name: string, words: readonly string[]): boolean {
  const operands = words.slice(1).filter((word) => !/^-(?:[lia]+|-login|-interactive)$/.test(word));
  if (SHELLS.has(name) || C_SHELLS.has(name) || CONSOLES.test(name)) return operands.length === 0;
  return (
    WAITS.test(name) &&
    (operands.length === 0 || operands.some((word) => /^(?:inf(?:inity)?|\/dev\/null)$/.test(word)))
  );
}

/** Packages that people install to make packages. */
const PACKAGES =
  /^(?:devscripts|debhelper|dh-[\w-]+|equivs|git-buildpackage|sbuild|pbuilder|rpm-build|rpmdevtools|mock|abuild|alpine-sdk|base-devel|createrepo(?:_c)?|reprepro)$/;

function packages({ analysis, imageStages }: FixInput): boolean {
  return analysis.installs.some(
    ({ stage, packages: names }) =>
      imageStages.includes(stage) && names.some(({ name }) => PACKAGES.test(name)),
  );
}

function saysBuild(input: FixInput): boolean {
  const { model } = input;
  const target = model.stages[model.target]?.name ?? '';
  if (SAYS_BUILD.test(target)) return true;
  return inImage(input).some(
    ({ keyword, instruction }) =>
      keyword === 'LABEL' &&
      (/devcontainer\.metadata/.test(instruction.rawArguments) ||
        /(?:title|description|name)=(?:\s*["'])?[^"'=]*\b(?:build(?:er|s)?|compil\w+|toolchain|dev ?container|ci|development environment)\b/i.test(
          instruction.rawArguments,
        )),
  );
}

/** Stages besides the image's own that stand on one of these: edits of it change them too. */
export function othersOn({ model, imageStages }: FixInput, stages: readonly number[]): boolean {
  return model.stages.some(
    ({ index, base }) =>
      base.kind === 'stage' && stages.includes(base.index) && !imageStages.includes(index),
  );
}
