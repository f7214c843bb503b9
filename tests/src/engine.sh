#!/bin/sh
# engine.sh FOLDER docker|podman
#
# Supervises one private container engine; started by the harness (engine.rs), not by hand.
# The engine lives until standard input ends or this process gets a signal; then it dies with all
# its containers, and FOLDER and the engine's control groups are removed. If the engine ends by
# itself, the tail of its log goes to standard error and the status is 1.
#
# The harness holds the writing end of standard input. The kernel closes it however the harness
# ends, so this script is the one place that cleans up.
#
# If FOLDER/tls is there, standard output is a listening socket, which the engine serves with the
# certificates in it: dockerd by itself, podman behind stunnel. A socket handed over stays in the
# network of the harness, although the engine has one of its own. If FOLDER/cors is there, pages of
# any origin may ask the engine, as far as it goes for that. If FOLDER/again is there, an engine that
# ends is started again.
set -eu
folder=$1 kind=$2
group=${folder##*/}
log=$folder/log
engine='' watcher=''

# The hierarchies of control groups to live in: all of version 1, or else version 2. A version 2
# hierarchy beside version 1 is left out: crun refuses such a pair.
hierarchies=$(awk '$3 == "cgroup" {print $2}' /proc/mounts)
[ -n "$hierarchies" ] || hierarchies=$(awk '$3 == "cgroup2" {print $2}' /proc/mounts)

# Version 1 cpusets start empty, and an empty one takes no process. Version 2 offers a group only
# the controllers that its parent hands down.
make_groups() {
    for h in $hierarchies; do
        mkdir "$h/$group" || continue
        for f in cpuset.mems cpuset.cpus; do
            [ ! -e "$h/$f" ] || [ ! -e "$h/$group/$f" ] || [ -e "$h/cgroup.controllers" ] ||
                cat "$h/$f" >"$h/$group/$f"
        done
        hand_down "$h"
    done
}

hand_down() {
    [ -e "$1/cgroup.controllers" ] || return 0
    for c in $(cat "$1/cgroup.controllers"); do
        { echo "+$c" >"$1/cgroup.subtree_control"; } 2>/dev/null || :
    done
}

# A paused container takes no signal, not even the one that ends it, before it goes on.
thaw_groups() {
    for h in $hierarchies; do
        [ -d "$h/$group" ] || continue
        find "$h/$group" -name freezer.state -exec sh -c 'echo THAWED >"$1"' sh {} \;
        find "$h/$group" -name cgroup.freeze -exec sh -c 'echo 0 >"$1"' sh {} \;
    done
}

# Fails while a process is left in one of the groups.
drop_groups() {
    left=0
    for h in $hierarchies; do
        [ -d "$h/$group" ] || continue
        find "$h/$group" -depth -type d -exec rmdir {} \; || :
        [ ! -d "$h/$group" ] || left=1
    done
    return $left
}

clean_up() {
    status=$?
    trap '' TERM INT HUP
    trap - EXIT
    set +e
    # Nobody may be left to listen, and then a message would be the end of this shell.
    exec 2>/dev/null
    [ -z "$watcher" ] || kill "$watcher"
    # Ends `unshare`, with it the first process of the new pid namespace, and so all of them. The
    # last one takes the mounts along.
    [ -z "$engine" ] || kill -KILL "$engine"
    n=0
    thaw_groups
    until drop_groups; do
        n=$((n + 1))
        [ $n -lt 200 ] || break
        sleep 0.05
    done
    rm -rf "$folder" || { sleep 0.5; rm -rf "$folder"; }
    exit "$status"
}

# Runs as the first process of the new namespaces, the one for control groups not among them yet:
# its root is the group of the process that makes it. 0 stands for the process that writes.
join() {
    for h in $hierarchies; do
        [ ! -d "$h/$group" ] || echo 0 >"$h/$group/cgroup.procs"
    done
    exec unshare --cgroup sh "$0" "$folder" "$kind" run
}

# Runs as the first process when all namespaces are there.
run() {
    # What the engines keep in fixed places, and what the host has there.
    for d in /run /var/lib /dev/shm /etc/docker /etc/containers; do
        [ ! -d $d ] || mount -t tmpfs -o mode=755 tmpfs $d
    done
    chmod 1777 /dev/shm
    # Where the host's resolver is configured in /run, a name must stay.
    resolv=$(readlink -m /etc/resolv.conf)
    case $resolv in
        /run/*) mkdir -p "${resolv%/*}" && echo 'nameserver 127.0.0.1' >"$resolv" ;;
    esac
    own_groups
    ip link set lo up

    init=''
    for i in tini catatonit docker-init; do
        [ -n "$init" ] || ! command -v $i >/dev/null || init="$i --"
    done
    HOME=$folder TMPDIR=$folder/tmp
    export HOME TMPDIR
    mkdir "$TMPDIR"
    tls=$folder/tls
    case $kind in
        docker)
            set -- dockerd --host "unix://$folder/docker.sock" --data-root "$folder/data" \
                --exec-root /run/docker --pidfile /run/docker.pid \
                --exec-opt native.cgroupdriver=cgroupfs
            [ ! -e "$folder/cors" ] || set -- "$@" --api-cors-header '*'
            [ ! -e "$folder/again" ] || exec $init sh -c "$again" sh "$folder/docker.sock" "$@" 3<&-
            [ -d "$tls" ] || exec $init "$@" 3<&-
            exec $init sh -c "$with_socket" sh "$@" --host fd:// --tlsverify \
                --tlscacert "$tls/ca.pem" --tlscert "$tls/server/cert.pem" \
                --tlskey "$tls/server/key.pem"
            ;;
        podman)
            configure_podman
            if [ -d "$tls" ]; then
                configure_stunnel
                sh -c "$with_socket" sh stunnel "$tls/stunnel.conf" &
            fi
            set -- podman system service --time=0
            [ ! -e "$folder/cors" ] || set -- "$@" --cors '*'
            set -- "$@" "unix://$folder/podman.sock"
            [ ! -e "$folder/again" ] || exec $init sh -c "$again" sh "$folder/podman.sock" "$@" 3<&-
            exec $init "$@" 3<&-
            ;;
    esac
}

# Becomes what starts a program whenever it has ended; what it has left at its address goes.
again='socket=$1; shift; while :; do "$@" || :; rm -f "$socket"; done'

# Becomes a program that takes file descriptor 3 for a socket of its own.
with_socket='export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'

# The address is for the form only: the socket that was handed over takes its place. Half-closed
# connections may stand for as long as a test takes.
configure_stunnel() {
    cat >"$tls/stunnel.conf" <<CONF
foreground = yes
pid =
syslog = no
debug = err
[engine]
accept = 127.0.0.1:1
connect = $folder/podman.sock
cert = $tls/server/cert.pem
key = $tls/server/key.pem
CAfile = $tls/ca.pem
verifyChain = yes
TIMEOUTclose = 300
CONF
}

# Mounts the control groups anew, so that the engine's own group is the root of all it sees and
# everything it makes is below that.
own_groups() {
    case $(awk '$3 == "cgroup" {print 1; exit}' /proc/mounts) in
        1)
            awk '$3 == "cgroup2" {print $2}' /proc/mounts | while read -r at; do umount "$at"; done
            awk '$3 == "cgroup" {print $2, $4}' /proc/mounts | while read -r at options; do
                # Only the names of controllers are left of the options.
                options=$(echo "$options" | tr , '\n' |
                    grep -vxE 'rw|ro|nosuid|nodev|noexec|(rel|no|strict|lazy)a?time|seclabel|clone_children|xattr|release_agent=.*' |
                    paste -sd, -)
                umount "$at"
                mount -t cgroup -o "$options" cgroup "$at"
            done
            ;;
        *)
            at=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
            umount "$at"
            mount -t cgroup2 cgroup2 "$at"
            # A group that hands controllers down may hold no process itself.
            mkdir "$at/engine"
            echo 0 >"$at/engine/cgroup.procs"
            hand_down "$at"
            ;;
    esac
}

configure_podman() {
    # Without the capability SYS_RESOURCE no hard limit can be raised, and podman's default tries:
    # containers get the limits of this process.
    limits=$(awk '
        $2 == "open" {printf "\"nofile=%s:%s\", ", $5, $5}
        $2 == "processes" {printf "\"nproc=%s:%s\", ", $4, $4}
    ' /proc/self/limits | sed 's/unlimited/1048576/g')
    init_line=$(command -v catatonit || command -v tini-static || :)
    [ -z "$init_line" ] || init_line="init_path = \"$init_line\""
    cat >/etc/containers/containers.conf <<CONF
[containers]
default_ulimits = [$limits]
log_driver = "k8s-file"
$init_line
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
image_copy_tmp_dir = "$TMPDIR"
[network]
network_backend = "netavark"
CONF
    driver=overlay
    [ "$(stat -f -c %T "$folder")" != overlayfs ] || driver=vfs
    cat >/etc/containers/storage.conf <<CONF
[storage]
driver = "$driver"
graphroot = "$folder/data"
runroot = "/run/containers/storage"
CONF
    # Registries of a test run in this network namespace, without TLS.
    cat >/etc/containers/registries.conf <<CONF
unqualified-search-registries = []
[[registry]]
location = "localhost"
insecure = true
[[registry]]
location = "127.0.0.1"
insecure = true
CONF
    echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
}

case ${3:-} in
    join) join ;;
    run) run ;;
esac

trap clean_up EXIT
trap 'exit 0' TERM INT HUP
exec 3<&0 </dev/null 4>&1 >/dev/null
make_groups
(
    trap - EXIT TERM INT HUP
    # The signal on the parent's death covers a supervisor that is itself killed.
    exec setpriv --pdeathsig KILL unshare --mount --propagation private --net --pid --fork \
        --kill-child --mount-proc sh "$0" "$folder" "$kind" join 3>&4 4>&-
) >"$log" 2>&1 &
engine=$!
(
    trap - EXIT TERM INT HUP
    exec 4>&-
    while read -r _ <&3; do :; done
    kill -TERM $$
    # The supervisor ends this one. If somebody killed the supervisor, the rest is left to this one.
    sleep 1
    clean_up
) 2>/dev/null &
watcher=$!
exec 3<&- 4>&-
wait "$engine" || :
engine=''
tail -n 20 "$log" >&2
exit 1
