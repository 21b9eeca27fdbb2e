import type { LocalPrograms } from './program.ts';

export const COMPILERS: readonly LocalPrograms[] = [
  {
    programs:
      'gcc g++ cc c++ clang clang++ cpp ld gold lld ar as nm objcopy objdump strip readelf size addr2line ranlib libtool pkg-config pkgconf tcc nasm yasm musl-gcc gfortran gdc rustc javac kotlinc scalac ' +
      'ocamlopt ocamlc valac fpc swiftc dmd ldc2 protoc flatc thrift bison flex yacc lex swig gperf ragel re2c xgettext patchelf chrpath upx ccache sccache distcc ' +
      'clang-format llvm-config nvcc hipcc emcc em++ wasm-opt wat2wasm jlink jdeps jdeprscan jmod javap javadoc jarsigner pack200 unpack200 scanelf execstack',
    reason: 'compiles and links what is there',
    unless:
      /(?:^| )(?:-fplugin|-wrapper|--wrapper|-load|--?specs|-B|--?plugin|-Xplugin|-processor)\S*|(?:^| )-ppx?(?: |$)|(?:^| )@/,
  },
  {
    programs: 'tsc esbuild swc sass terser uglifyjs',
    reason: 'translates the source that is there; its configuration is data',
  },
  {
    programs:
      'asciidoctor xmlto docbook2x-man pandoc help2man pod2man rst2man groff man nroff makeinfo texi2any convert magick identify inkscape rsvg-convert gs pdftk',
    reason: 'turns documents and pictures that are there into others',
    unless:
      /(?:https?|ftp):|(?:^| )(?:-F|-L|-d|-r|-U|--filter|--lua-filter|--defaults|--require)\b/,
  },
  {
    programs: 'husky',
    reason: 'names a folder of hooks for git',
    only: /^(?:install(?: [\w.-]+)?)?$/,
  },
  {
    programs: 'setcap getcap paxctl paxmark prelink',
    reason: 'marks a program that is there',
  },
];
