/** Files from a program or the system that set shell variables and functions, and what they set. */
export const SOURCED_FILES: readonly { readonly path: RegExp; readonly reason: string }[] = [
  {
    path: /^\/(?:etc|usr\/lib)\/(?:os|lsb|alpine|debian|redhat)-(?:release|version)$/,
    reason: 'names the distribution',
  },
  {
    path: /^\/etc\/(?:profile|environment|bash\.bashrc|bashrc|zsh\/\w+|locale\.conf|default\/\w+|profile\.d\/[\w.-]+)$/,
    reason: 'the system’s settings of a shell',
  },
  {
    path: /^(?:~|\$\{?HOME\}?|\/root|\/home\/[^/]+)\/\.(?:profile|bashrc|bash_profile|zshrc)$/,
    reason: 'a user’s settings of a shell',
  },
  {
    path: /^\/etc\/apache2\/envvars$|\/etc\/rc\.d\/init\.d\/functions$|\/lib\/lsb\/init-functions$/,
    reason: 'settings of a service',
  },
  { path: /\/bin\/activate$/, reason: 'a virtual environment’s own: sets PATH' },
  { path: /\/\.?cargo\/env$|\$\{?CARGO_HOME\}?\/env$/, reason: 'Cargo’s own: sets PATH' },
  { path: /(?:\/|^)nvm\.sh$/, reason: 'nvm’s functions, whose installs are judged' },
  { path: /sdkman-init\.sh$/, reason: 'SDKMAN’s functions, whose installs are judged' },
  {
    path: /\/(?:asdf|rvm|gvm)(?:\.sh|\/scripts\/\w+)?$/,
    reason: 'functions of a version manager, whose installs are judged',
  },
  {
    path: /\/etc\/profile\.d\/conda\.sh$|\/conda\.sh$|\/mamba\.sh$/,
    reason: 'conda’s functions, whose installs are judged',
  },
  {
    path: /^\/opt\/ros\/[^/]+\/setup\.\w+$|\/opt\/intel\/[\w./-]*(?:setvars|vars)\.sh$|^\/opt\/rh\/[\w-]+\/enable$|\/emsdk_env\.sh$|\/opt\/qt[\w./-]*env\.sh$/,
    reason: 'sets the variables of an installed product',
  },
];
