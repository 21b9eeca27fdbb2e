# An image of a program and all that it refers to, in the form that dockerTools.buildLayeredImage
# documents: an archive of `docker load` with a layer for each store path. dockerTools itself is in
# nixpkgs, which no package of Debian has; store, build and references are Nix's own.
{ shell }:
let
  make = name: script: more:
    derivation ({
      inherit name;
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [ "-euc" "PATH=/usr/bin:/bin\n${script}" ];
    } // more);

  data = make "hello-data-1.4" "mkdir -p $out/share && echo hello >$out/share/text" { };
  bash = make "bash-interactive-5.2p37" "mkdir -p $out/bin && cp /bin/bash $out/bin/" { };
  app = make "hello-2.12.1" ''
    mkdir -p $out/bin && cp /bin/cat $out/bin/hello
    echo ${if shell then "${data} ${bash}" else "${data}"} >$out/reads
  '' { };
in
make "docker-image-hello.tar" ''
  mkdir image && cd image
  layers= ids= history=
  for path in $(grep ^/nix/store/ ../closure | sort -u); do
    tar --create --file=layer.tar --sort=name --mtime=@1 --owner=0 --group=0 -P "$path"
    id=$(sha256sum layer.tar | cut -c1-64)
    mkdir "$id" && mv layer.tar "$id/"
    layers="$layers,\"$id/layer.tar\"" ids="$ids,\"sha256:$id\""
    history="$history,{\"created\":\"1970-01-01T00:00:01+00:00\",\"comment\":\"store paths: ['$path']\"}"
  done
  cat >config.json <<END
  {"created":"1970-01-01T00:00:01+00:00","architecture":"amd64","os":"linux",
   "config":{"Entrypoint":["${app}/bin/hello"]},
   "rootfs":{"type":"layers","diff_ids":[''${ids#,}]},"history":[''${history#,}]}
  END
  config=$(sha256sum config.json | cut -c1-64).json
  mv config.json "$config"
  printf '[{"Config":"%s","RepoTags":["hello:1"],"Layers":[%s]}]' "$config" "''${layers#,}" >manifest.json
  tar --create --file=$out --sort=name --mtime=@1 --owner=0 --group=0 *
'' { exportReferencesGraph = [ "closure" app ]; }
