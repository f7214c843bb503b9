//! What stands below the help of each command: examples, and what they leave open.

pub(super) const SHORT: &str = "\
Examples:
  contajners ops docker containers
  contajners doc podman ContainerCreateLibpod
  contajners resolve docker ContainerLogs id=conny stdout=true --curl
  contajners invoke docker ContainerList all=true

`--help` tells more than `-h`: the forms of output, exit statuses, environment.";

pub(super) const LONG: &str = "\
Examples:
  contajners ops docker containers
  contajners doc podman@v4.3.1 ContainerCreateLibpod
  contajners resolve docker ContainerLogs id=conny stdout=true --curl
  contajners invoke docker ContainerList all=true
  contajners request podman GET /v5.0.0/libpod/info

Forms of output (-o):
  table  for people; lines are fitted to the terminal, or to COLUMNS
  json   a stable interface:
           engines     array of {name, versions: {oldest, newest, count}}, and
                       `pack`, the file, where it is not built in
           versions    array of strings, oldest first
           where       {address, source, named_by, tls, considered}; named_by is
                       the variable or file that names a context or connection,
                       null where none does; tls is null or {ca,
                       certificate, key, verified}; considered is an array of
                       {source, passed_over}
           categories  array of strings
           ops         array of {category, operation, method, path, parameters,
                       request_body}; parameters are {name, in, type, required}
                       and `default` and `enum` where there are any;
                       request_body is true or false
           doc         {engine, version, category, operation, method, path, url,
                       versions, ids, parameters, request_body, answer,
                       produces, answers}, and `summary` and `description`
                       where they are found; parameters are as those of `ops`
                       with schema and versions; request_body is null or
                       {required, media_types, schema}, and `schemas` where
                       they depend on the media type
           resolve     {method, target, headers, body}
           diff        array of {operation, method, path, in, change, breaking};
                       `in` is operation, parameter (then location and name),
                       body (then pointer) or answer (then status and pointer);
                       from, to and value where there are any
           explain     {path, type, schema, versions}; in a schema, `versions`
                       of a field and `enumVersions` of values where not as
                       those of what they belong to
           check       array of {code, pointer, text, expected, nearest, hint,
                       versions}; nearest and versions are arrays of strings;
                       expected and hint are null where there is nothing to
                       say; pointer is empty where versions do not take the
                       call, and for a parameter or a body that is missing
           invoke      the answer; text as a string, streams as they arrive,
                       one document per line
           wait        what the state tells, an exit status, or nothing; the
                       list of states is an array of {state, operation,
                       parameters, every, within, tells, ends}; every and
                       within are seconds; ends is an array of {outcome,
                       because, status, at, is, present}, whichever it has
         Errors are text on standard error in every form.
         Fields may be added to objects of `doc`, `engines` and `resolve`.
  ndjson the same, with a line for each item where it is an array
  raw    bare names, one per line, of `diff` with tabs between its columns; of
         `invoke` and `request` the bytes received

Addresses (--host):
  unix:///path, tcp://host:port, http://host, https://host (port 443 without
  another), ssh://user@host, npipe:////./pipe/name on Windows

Exit statuses:
  0    done
  1    local failure: no connection, an unreadable file …; something found by
       `check`, something different for `diff`, a state not reached for `wait`
  2    the call is wrong, and nothing was sent; `check` or `diff` could not run
  4    the engine refused (4xx)
  5    the engine failed (5xx, or an error inside a stream)
  130  interrupted; 143 when terminated, 129 when the terminal has gone
  141  nobody read the output of a process to its end
       `--as socket` ends with the status of the process it joins.

Environment:
  DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG
                   where docker listens, without --host (see `where`)
  DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH
                   whether to use TLS there (any value that is not empty,
                   `0` too), and with which files; with --host as well
  SSL_CERT_FILE, SSL_CERT_DIR
                   CAs in place of the system's
  CONTAINER_CONNECTION, CONTAINER_HOST, CONTAINER_SSHKEY,
  PODMAN_CONNECTIONS_CONF, CONTAINERS_CONF,
  CONTAINERS_CONF_OVERRIDE
                   where podman does
  INCUS_SOCKET, INCUS_DIR
                   where incus does
  XDG_RUNTIME_DIR, XDG_CONFIG_HOME
                   where a user's own sockets are, and Podman's connections,
                   containers.conf and auth.json
  DOCKER_AUTH_CONFIG, DOCKER_CONFIG
                   credentials for registries, of docker: the first in itself,
                   else config.json in the folder (~/.docker)
  REGISTRY_AUTH_FILE
                   those of podman, else auth.json in the folders above
  DOCKER_API_VERSION, PODMAN_API_VERSION, …
                   the version that `invoke` and `wait` speak, without
                   --api-version
  NO_COLOR         no colour unless --color=always
  COLUMNS          width of tables and text
  CONTAJNERS_PACKS folder whose *.postcard are packs of your own engines; else
                   contajners/packs in XDG_DATA_HOME (~/.local/share)
  CONTAJNERS_DOCS  folder with ENGINE.docs, the vendors' summaries for `doc`;
                   else contajners/ in XDG_DATA_HOME (~/.local/share), else
                   the folder of packs. `cargo xtask fetch-api --docs` writes
                   them; in a checkout of contajners they lie in resources/.";

pub(super) const ENGINES: &str = "\
Examples:
  contajners engines
  contajners engines -o json
  contajners engines --pack toy.postcard

Packs of your own are found in a folder, too: `contajners --help`.";

pub(super) const VERSIONS: &str = "\
Examples:
  contajners versions docker
  contajners versions podman -o raw";

pub(super) const WHERE: &str = "\
Examples:
  contajners where docker
  contajners where docker --connection far
  contajners where podman -o json";

pub(super) const CATEGORIES: &str = "\
Examples:
  contajners categories docker
  contajners categories podman@v4.3.1";

pub(super) const OPS: &str = "\
Examples:
  contajners ops docker
  contajners ops podman libpod/containers
  contajners ops docker@v1.41 -o json";

pub(super) const DOC: &str = "\
Examples:
  contajners doc docker ContainerCreate
  contajners doc docker container-create --depth 1
  contajners doc docker ImagePush --api-version v1.41

The vendor's summary is shown when ENGINE.docs is found: `contajners --help`.";

pub(super) const EXPLAIN: &str = "\
Examples:
  contajners explain docker ContainerCreate.HostConfig.Mounts
  contajners explain docker ContainerInspect.State.Health
  contajners explain podman SpecGenerator.portmappings --depth 1";

pub(super) const DIFF: &str = "\
Examples:
  contajners diff docker v1.41 v1.55
  contajners diff docker v1.41 v1.55 ContainerCreate
  contajners diff docker@v1.41 podman@v5.8.2
  contajners diff podman v5.0.0 v6.0.0 --breaking -o json

`+` is new, `-` is gone, `~` has changed, `!` may break a program. Fields are
JSON pointers, in which `*` stands for any item. Exit statuses: 0 the same, 1 different, 2 error.";

pub(super) const RESOLVE: &str = "\
Examples:
  contajners resolve docker ContainerList all=true limit=5
  contajners resolve docker ContainerList 'filters:={\"label\":[\"a=b\"]}'
  contajners resolve docker ContainerCreate name=conny -d '{\"Image\":\"busybox\"}'
  contajners resolve docker@v1.41 ContainerList all=true --curl
  contajners resolve podman ContainersStatsAllLibpod containers=a containers=b

Without a version it is the newest that is known, which an engine that is older
refuses: `contajners invoke` asks the engine for its own, curl does not.

A name that is in both path and query means the one in the path; `query.name=…`
means the other.

Credentials for registries are not looked up: `invoke` also sends those of
config.json, auth.json and their helpers, in X-Registry-Auth or
X-Registry-Config.";

pub(super) const CHECK: &str = "\
Examples:
  contajners check docker ContainerCreate -d @body.json
  contajners check docker@v1.41 ContainerCreate -d '{\"HostConfig\":{\"Memroy\":1}}'
  contajners check docker ContainerCreate -d @body.json --all-versions
  contajners check docker ContainerInspect --answer 200 -d @answer.json

Something required that is missing is a finding, too; with --all-versions so is
a version that does not accept the call.
Exit statuses: 0 nothing found, 1 something found, 2 it cannot be checked, or no
version accepts it.";

pub(super) const INVOKE: &str = "\
Examples:
  contajners invoke docker ContainerList all=true
  contajners invoke docker ImageCreate fromImage=busybox tag=latest
  contajners invoke docker ContainerCreate name=conny -d '{\"Image\":\"busybox\"}'
  contajners invoke docker ContainerLogs id=conny stdout=true follow=true
  contajners invoke docker ImageBuild t=app --context . --compress gzip
  contajners invoke docker ContainerArchive id=conny path=/home --unpack backup
  contajners invoke podman ImageExportLibpod name=busybox > busybox.tar
  contajners invoke incus images_post -d @image.tar.xz \\
    --content-type application/octet-stream

Logs, events and other streams are written as they arrive, whatever --as says:
one JSON document per line, a process's standard error to standard error.
Pulls, pushes, builds and loads are shown to people: bars on a terminal, lines
in a pipe. With -o json or --as stream they are documents, too.

An error is reported on standard error in the engine's own words;
--allow-error-status shows its whole body.

--unpack stops at a link that leads out of the folder, such as /etc/mtab, which
Docker puts into every container; --leave-out-refused goes on without it.";

pub(super) const COMPLETION: &str = "\
Examples:
  source <(contajners completion bash)        # in ~/.bashrc
  source <(contajners completion zsh)         # in ~/.zshrc, after compinit
  contajners completion fish | source         # in ~/.config/fish/config.fish

Engines, versions, operations, parameters, their values and fields of bodies are
completed from the packs, contexts and connections from their files; no engine is
asked.";

pub(super) const MAN: &str = "\
Examples:
  contajners man ~/.local/share/man/man1
  man contajners-invoke";

pub(super) const REQUEST: &str = "\
Examples:
  contajners request docker GET /_ping
  contajners request docker@v1.41 POST /containers/conny/checkpoints \\
    --data '{\"CheckpointID\":\"one\"}'
  contajners request podman PUT /v5.0.0/libpod/containers/conny/archive?path=/ \\
    --content-type application/x-tar -d @files.tar
  echo date | contajners request docker POST --as socket \\
    '/containers/conny/attach?stream=true&stdin=true&stdout=true'";
