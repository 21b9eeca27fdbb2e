/** Shells whose scripts are read, by their programs. */
export const SHELLS: ReadonlySet<string> = new Set('sh bash dash ash zsh ksh mksh fish'.split(' '));

/** Shells of another syntax, in which people work. */
export const C_SHELLS: ReadonlySet<string> = new Set(['csh', 'tcsh']);
