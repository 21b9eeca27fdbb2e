import { UserError } from './errors.ts';

export class MissingTool extends UserError {}

interface KnownTool {
  readonly title: string;
  readonly command: string;
  readonly versionArgs: readonly string[];
  /** Oldest release that is known to do all that is asked of it; undefined: any. */
  readonly minimum: string | undefined;
  readonly debian: string;
  readonly macos: string;
  /** Where other systems find it. */
  readonly elsewhere?: string;
}

/** The tools that adapters exist for: how to ask for a version, and how each is installed. */
export const TOOLS = {
  docker: {
    title: 'docker',
    command: 'docker',
    versionArgs: ['--version'],
    minimum: '24.0.0',
    debian: 'apt-get install docker.io docker-cli',
    macos: 'brew install --cask docker',
  },
  buildx: {
    title: 'docker buildx',
    command: 'docker',
    versionArgs: ['buildx', 'version'],
    minimum: '0.13.0',
    debian: 'apt-get install docker-buildx',
    macos: 'brew install docker-buildx',
  },
  cosign: {
    title: 'cosign',
    command: 'cosign',
    versionArgs: ['version', '--json'],
    minimum: '2.4.0',
    debian: 'apt-get install cosign',
    macos: 'brew install cosign',
    elsewhere: 'https://docs.sigstore.dev/cosign/system_config/installation/',
  },
  git: {
    title: 'git',
    command: 'git',
    versionArgs: ['--version'],
    minimum: undefined,
    debian: 'apt-get install git',
    macos: 'brew install git',
  },
  grype: {
    title: 'grype',
    command: 'grype',
    versionArgs: ['version', '-o', 'json'],
    minimum: undefined,
    debian: 'see https://github.com/anchore/grype#installation',
    macos: 'brew install grype',
  },
  trivy: {
    title: 'trivy',
    command: 'trivy',
    versionArgs: ['--version'],
    minimum: undefined,
    debian: 'see https://trivy.dev/latest/getting-started/installation/',
    macos: 'brew install trivy',
  },
  'docker-scout': {
    title: 'docker scout',
    command: 'docker',
    versionArgs: ['scout', 'version'],
    minimum: undefined,
    debian: 'see https://docs.docker.com/scout/install/',
    macos: 'see https://docs.docker.com/scout/install/',
  },
} as const satisfies Record<string, KnownTool>;

export type ToolName = keyof typeof TOOLS;

export function howToInstall(tool: ToolName): string {
  const { debian, macos, elsewhere }: KnownTool = TOOLS[tool];
  const others = elsewhere === undefined ? '' : `; others: ${elsewhere}`;
  return `Debian: ${debian}; macOS: ${macos}${others}`;
}

/** `without`: how to do without it. */
export function missingTool(tool: ToolName, without?: string): UserError {
  const nextStep = [howToInstall(tool), ...(without === undefined ? [] : [without])].join('; ');
  return new MissingTool(`${TOOLS[tool].title} is not installed`, { nextStep });
}
