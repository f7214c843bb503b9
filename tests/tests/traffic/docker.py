"""Calls of docker-py, as broad as an engine without a registry allows.

    docker.py ADDRESS FOLDER

The requests are recorded on their way. What the engine refuses is told and passed over: it is the
requests that matter. A mistake of this script is an error.
"""

import inspect
import io
import os
import sys
import tarfile

# This file's own folder would come first, and its name is that of the library.
sys.path.pop(0)

import docker  # noqa: E402
from docker import types  # noqa: E402

ADDRESS, FOLDER = sys.argv[1:3]
IMAGE = "localhost/busybox:local"
SECOND = 1_000_000_000

client = docker.DockerClient(base_url=ADDRESS, version="1.41", timeout=60)
api = client.api
failed = []


def attempt(call, *arguments, **options):
    """Calls, reads a stream to its end, and tells what the engine refuses."""
    name = call.__name__
    try:
        result = call(*arguments, **options)
        if inspect.isgenerator(result) or isinstance(result, types.daemon.CancellableStream):
            return list(result)
        return result
    except docker.errors.DockerException as error:
        failed.append(name)
        print(f"{name}: {error}", file=sys.stderr)
        return None


def tar(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def system():
    attempt(client.ping)
    attempt(client.version)
    attempt(client.info)
    attempt(client.df)
    attempt(api.events, since=0, until=1, filters={"type": "container", "event": ["start", "die"]}, decode=True)
    attempt(client.login, username="a", password="b", registry="127.0.0.1:1")


def images():
    with open(os.path.join(FOLDER, "image.tar"), "rb") as archive:
        attempt(client.images.load, archive.read())
    attempt(client.images.list, all=True, filters={"dangling": False, "label": ["purpose=test"]})
    attempt(client.images.list, name="localhost/busybox")
    attempt(client.images.get, IMAGE)
    attempt(api.tag, IMAGE, "localhost/py", tag="one", force=True)
    attempt(api.history, IMAGE)
    attempt(api.inspect_distribution, IMAGE)
    attempt(api.get_image, IMAGE)
    image = attempt(client.images.get, IMAGE)
    if image:
        attempt(image.save, named=True)
    attempt(api.import_image_from_data, tar(a=b"1"), repository="localhost/imported", tag="py", changes=["CMD true"])
    attempt(
        api.build,
        path=os.path.join(FOLDER, "build"),
        tag="localhost/built:py",
        quiet=False,
        rm=True,
        forcerm=True,
        nocache=True,
        pull=False,
        buildargs={"one": "two"},
        labels={"c": "d"},
        cache_from=["localhost/nothing:one"],
        target=None,
        network_mode="none",
        shmsize=1 << 20,
        squash=False,
        extra_hosts={"other": "127.0.0.1"},
        container_limits={"memory": 1 << 26, "memswap": 1 << 27, "cpushares": 512, "cpusetcpus": "0"},
        isolation=None,
        platform=None,
        decode=True,
    )
    attempt(api.build, fileobj=io.BytesIO(f"FROM {IMAGE}\nLABEL x=y\n".encode()), tag="localhost/built:two", rm=True)
    attempt(
        api.build,
        fileobj=io.BytesIO(tar(Dockerfile=f"FROM {IMAGE}\n".encode())),
        custom_context=True,
        encoding=None,
        dockerfile="Dockerfile",
        gzip=False,
        tag="localhost/built:three",
    )
    attempt(api.push, "127.0.0.1:1/nothing", tag="one", auth_config={"username": "a", "password": "b"}, stream=True)
    attempt(api.pull, "127.0.0.1:1/nothing", tag="one", platform="linux/amd64", stream=True)
    attempt(client.images.search, "127.0.0.1:1/nothing", limit=1)
    attempt(api.remove_image, "localhost/built:two", force=True, noprune=True)
    attempt(client.images.prune, filters={"dangling": True, "until": "1h"})
    attempt(api.prune_builds)


def volumes_and_networks():
    attempt(client.volumes.create, "py", driver="local", driver_opts={}, labels={"a": "b"})
    attempt(client.volumes.list, filters={"name": "py"})
    attempt(client.volumes.get, "py")
    ipam = types.IPAMConfig(
        driver="default",
        pool_configs=[
            types.IPAMPool(
                subnet="10.99.7.0/24",
                iprange="10.99.7.128/25",
                gateway="10.99.7.1",
                aux_addresses={"spare": "10.99.7.2"},
            )
        ],
        options={},
    )
    attempt(
        client.networks.create,
        "py",
        driver="bridge",
        options={"com.docker.network.bridge.name": "py0"},
        ipam=ipam,
        check_duplicate=True,
        internal=True,
        labels={"a": "b"},
        enable_ipv6=False,
        attachable=False,
        scope="local",
    )
    attempt(client.networks.list, names=["py"], filters={"driver": "bridge"}, greedy=True)
    attempt(client.networks.get, "py", verbose=False, scope="local")


def containers():
    attempt(
        client.containers.create,
        IMAGE,
        ["sh", "-c", "true"],
        name="py-all",
        auto_remove=False,
        blkio_weight=300,
        blkio_weight_device=[{"Path": "/dev/null", "Weight": 300}],
        cap_add=["NET_ADMIN"],
        cap_drop=["MKNOD"],
        cgroup_parent="",
        cpu_count=0,
        cpu_percent=0,
        cpu_period=100_000,
        cpu_quota=50_000,
        cpu_rt_period=0,
        cpu_rt_runtime=0,
        cpu_shares=512,
        cpuset_cpus="0",
        cpuset_mems="0",
        device_cgroup_rules=["c 1:3 rwm"],
        device_read_bps=[{"Path": "/dev/null", "Rate": 1000}],
        device_read_iops=[{"Path": "/dev/null", "Rate": 1000}],
        device_write_bps=[{"Path": "/dev/null", "Rate": 1000}],
        device_write_iops=[{"Path": "/dev/null", "Rate": 1000}],
        devices=["/dev/null:/dev/none:rwm"],
        device_requests=[types.DeviceRequest(driver="", count=0, device_ids=[], capabilities=[["gpu"]], options={})],
        dns=["127.0.0.1"],
        dns_opt=["ndots:1"],
        dns_search=["example.org"],
        domainname="example.org",
        entrypoint=["/bin/env"],
        environment={"A": "b", "EMPTY": None},
        extra_hosts={"other": "127.0.0.1"},
        group_add=["10"],
        healthcheck={"test": ["CMD", "true"], "interval": SECOND, "timeout": SECOND, "retries": 2, "start_period": SECOND},
        hostname="box",
        init=False,
        ipc_mode="private",
        isolation=None,
        kernel_memory=None,
        labels={"l": "m"},
        links={},
        log_config=types.LogConfig(type="json-file", config={"max-size": "1m"}),
        mac_address="02:42:0a:63:07:09",
        mem_limit="64m",
        mem_reservation="32m",
        mem_swappiness=10,
        memswap_limit="128m",
        mounts=[
            types.Mount("/data", "py", type="volume", labels={"a": "b"}, no_copy=True, driver_config=types.DriverConfig("local", {})),
            types.Mount("/host", FOLDER, type="bind", read_only=True, propagation="rprivate"),
            types.Mount("/scratch", None, type="tmpfs", tmpfs_size="1m", tmpfs_mode=0o1777),
        ],
        nano_cpus=None,
        network="py",
        network_disabled=False,
        oom_kill_disable=False,
        oom_score_adj=10,
        pid_mode=None,
        pids_limit=50,
        ports={"80/tcp": ("127.0.0.1", 8997), "81/udp": None, "82": [8995, 8996]},
        privileged=False,
        publish_all_ports=False,
        read_only=True,
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 3},
        runtime=None,
        security_opt=["no-new-privileges"],
        shm_size="1m",
        stdin_open=True,
        stop_signal="SIGTERM",
        storage_opt=None,
        sysctls={"net.ipv4.ip_forward": "1"},
        tmpfs={"/run": "size=1m"},
        tty=True,
        ulimits=[types.Ulimit(name="nofile", soft=100, hard=200)],
        use_config_proxy=False,
        user="0",
        userns_mode=None,
        uts_mode=None,
        volume_driver="local",
        volumes={FOLDER: {"bind": "/bound", "mode": "ro"}, "py": {"bind": "/more", "mode": "rw"}},
        volumes_from=[],
        working_dir="/tmp",
    )
    attempt(client.containers.get, "py-all")
    # The dictionary of networks, with all that a network takes.
    networking = api.create_networking_config(
        {
            "py": api.create_endpoint_config(
                aliases=["alias"],
                ipv4_address="10.99.7.131",
                link_local_ips=["169.254.34.68"],
                links={},
                driver_opt={"x": "y"},
            )
        }
    )
    host = api.create_host_config(port_bindings={}, network_mode="py", restart_policy={"Name": "no"})
    attempt(api.create_container, IMAGE, "true", name="py-net", host_config=host, networking_config=networking)

    attempt(client.containers.run, IMAGE, ["echo", "hello"], remove=True, stdout=True, stderr=True, network_mode="none")
    box = attempt(client.containers.run, IMAGE, ["sh", "-c", "echo out; echo err >&2; sleep 1000"], name="py", detach=True, stop_signal="SIGKILL")
    if not box:
        return
    attempt(client.containers.list, all=True, since=None, limit=5, filters={"status": ["running"], "label": "l=m"})
    attempt(box.reload)
    attempt(box.logs, stdout=True, stderr=True, timestamps=True, tail=1, since=1, until=4_000_000_000)
    attempt(box.logs, stream=False, follow=False)
    attempt(box.top, ps_args="aux")
    attempt(box.stats, stream=False)
    attempt(box.diff)
    attempt(
        box.exec_run,
        ["sh", "-c", "echo $A; cat /etc/greeting >&2"],
        stdin=False,
        tty=False,
        privileged=False,
        user="0",
        environment={"A": "b"},
        workdir="/tmp",
        demux=True,
    )
    attempt(box.exec_run, "true", detach=True)
    attempt(box.exec_run, "true", tty=True, stdin=True)
    made = attempt(api.exec_create, box.id, ["sleep", "1"], tty=True, detach_keys="ctrl-q")
    if made:
        attempt(api.exec_start, made["Id"], detach=True, tty=True)
        attempt(api.exec_resize, made["Id"], height=24, width=80)
        attempt(api.exec_inspect, made["Id"])
    attempt(box.put_archive, "/tmp", tar(a=b"1"))
    got = attempt(box.get_archive, "/etc/greeting", encode_stream=False)
    if got:
        list(got[0])
    attempt(box.export)
    attempt(box.resize, height=24, width=80)
    attempt(box.pause)
    attempt(box.unpause)
    attempt(
        box.update,
        blkio_weight=300,
        cpu_period=100_000,
        cpu_quota=50_000,
        cpu_shares=512,
        cpuset_cpus="0",
        cpuset_mems="0",
        mem_limit="64m",
        mem_reservation="32m",
        memswap_limit="128m",
        restart_policy={"Name": "no"},
    )
    attempt(box.rename, "py-renamed")
    attempt(
        box.commit,
        repository="localhost/committed",
        tag="py",
        message="message",
        author="author",
        changes="CMD true",
        conf={"Labels": {"x": "y"}, "Env": ["A=b"]},
    )
    attempt(client.networks.get, "py")
    attempt(
        api.connect_container_to_network,
        box.id,
        "py",
        ipv4_address="10.99.7.140",
        aliases=["other"],
        links=[],
        link_local_ips=[],
        driver_opt={},
    )
    attempt(api.disconnect_container_from_network, box.id, "py", force=True)
    sock = attempt(api.attach_socket, box.id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1, "logs": 1})
    if sock:
        sock.close()
    attempt(box.restart, timeout=1)
    attempt(box.kill, signal="SIGKILL")
    attempt(box.wait, timeout=30, condition="not-running")
    attempt(box.attach, stdout=True, stderr=True, stream=False, logs=True)
    attempt(box.start)
    attempt(box.stop, timeout=1)
    attempt(box.remove, v=True, link=False, force=True)
    for name in ["py-all", "py-net"]:
        attempt(api.remove_container, name, v=True, force=True)
    attempt(client.containers.prune, filters={"until": "1h"})
    attempt(api.remove_network, "py")
    attempt(client.networks.prune, filters={"until": "1h"})
    attempt(api.remove_volume, "py", force=True)
    attempt(client.volumes.prune, filters={"label": "none"})


def secrets():
    made = attempt(client.secrets.create, name="py", data=b"hush", labels={"a": "b"})
    attempt(client.secrets.list, filters={"name": "py"})
    return made


def swarm():
    if not attempt(
        client.swarm.init,
        advertise_addr="127.0.0.1",
        listen_addr="127.0.0.1:2377",
        force_new_cluster=False,
        default_addr_pool=["10.20.0.0/16"],
        subnet_size=24,
        task_history_retention_limit=5,
        snapshot_interval=5000,
        keep_old_snapshots=2,
        log_entries_for_slow_followers=500,
        heartbeat_tick=1,
        election_tick=10,
        dispatcher_heartbeat_period=5 * SECOND,
        node_cert_expiry=7_776_000 * SECOND,
        labels={"a": "b"},
        autolock_managers=False,
    ):
        return
    attempt(client.swarm.reload)
    attempt(client.swarm.get_unlock_key)
    attempt(client.swarm.update, rotate_worker_token=True, task_history_retention_limit=6)
    for node in attempt(client.nodes.list, filters={"role": "manager"}) or []:
        attempt(node.update, {"Availability": "active", "Role": "manager", "Labels": {"x": "y"}})
    secret = secrets()
    config = attempt(client.configs.create, name="py", data=b"conf", labels={"a": "b"})
    attempt(client.configs.list, filters={"name": "py"})
    references = {}
    if secret and config:
        references = {
            "secrets": [types.SecretReference(secret.id, "py", filename="hush", uid="0", gid="0", mode=0o400)],
            "configs": [types.ConfigReference(config.id, "py", filename="/conf", uid="0", gid="0", mode=0o444)],
        }
    service = attempt(
        client.services.create,
        IMAGE,
        command=["sleep", "1000"],
        args=[],
        constraints=["node.role==manager"],
        preferences=[("spread", "node.labels.x")],
        platforms=[("x86_64", "linux")],
        maxreplicas=2,
        container_labels={"l": "m"},
        endpoint_spec=types.EndpointSpec(mode="vip", ports={8994: (80, "tcp", "host")}),
        env=["A=b"],
        hostname="box",
        init=True,
        isolation=None,
        labels={"a": "b"},
        log_driver="json-file",
        log_driver_options={"max-size": "1m"},
        mode=types.ServiceMode("replicated", replicas=1),
        mounts=["v:/v:ro"],
        name="py",
        networks=[],
        resources=types.Resources(
            cpu_limit=SECOND,
            mem_limit=1 << 26,
            cpu_reservation=SECOND // 100,
            mem_reservation=1 << 23,
            generic_resources={},
        ),
        restart_policy=types.RestartPolicy(condition="none", delay=1, max_attempts=1, window=1),
        stop_grace_period=SECOND,
        update_config=types.UpdateConfig(parallelism=1, delay=SECOND, failure_action="pause", monitor=SECOND, max_failure_ratio=0.1, order="start-first"),
        user="0",
        workdir="/tmp",
        tty=True,
        groups=["10"],
        open_stdin=True,
        read_only=True,
        stop_signal="SIGKILL",
        healthcheck=types.Healthcheck(test=["CMD", "true"], interval=SECOND),
        hosts={"other": "127.0.0.1"},
        dns_config=types.DNSConfig(nameservers=["127.0.0.1"], search=["example.org"], options=["ndots:1"]),
        privileges=types.Privileges(selinux_disable=True),
        cap_add=["NET_ADMIN"],
        cap_drop=["MKNOD"],
        **references,
    )
    attempt(
        api.create_service,
        types.TaskTemplate(types.ContainerSpec(IMAGE), networks=["bridge"], force_update=1),
        name="py-more",
        mode=types.ServiceMode("global"),
        rollback_config=types.RollbackConfig(parallelism=1, delay=SECOND, failure_action="pause", monitor=SECOND, max_failure_ratio=0.1, order="stop-first"),
    )
    attempt(api.remove_service, "py-more")
    attempt(client.services.list, filters={"name": "py"})
    if service:
        attempt(client.services.get, service.id, insert_defaults=True)
        for task in attempt(service.tasks, filters={"desired-state": "running"}) or []:
            attempt(api.inspect_task, task["ID"])
        attempt(service.logs, stdout=True, stderr=True, follow=False, details=False, since=0, tail="all", timestamps=False)
        attempt(service.reload)
        attempt(service.scale, 2)
        attempt(service.reload)
        attempt(service.update, env=["A=c"], fetch_current_spec=True)
        attempt(service.reload)
        attempt(service.force_update)
        attempt(service.remove)
    for thing in [secret, config]:
        if thing:
            attempt(thing.remove)
    attempt(client.swarm.unlock, "SWMKEY-1-none")
    attempt(client.swarm.leave, force=True)


def plugins():
    folder = os.path.join(FOLDER, "plugin")
    os.makedirs(os.path.join(folder, "rootfs"), exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as config:
        config.write('{"entrypoint":["/none"],"interface":{"types":["py.none/1.0"],"socket":"s"},"linux":{},"network":{"type":"none"},"env":[{"name":"A","value":"1","settable":["value"]}]}')
    with open(os.path.join(folder, "rootfs", "none"), "w"):
        pass
    attempt(client.plugins.create, "localhost/py:one", folder)
    attempt(client.plugins.list)
    plugin = attempt(client.plugins.get, "localhost/py:one")
    if plugin:
        attempt(plugin.configure, {"A": "2"})
        attempt(plugin.enable, timeout=1)
        attempt(plugin.disable)
        attempt(plugin.push)
        attempt(plugin.remove, force=True)
    attempt(api.plugin_privileges, "127.0.0.1:1/none")
    attempt(api.pull_plugin, "127.0.0.1:1/none", [])


images()
system()
volumes_and_networks()
containers()
if attempt(client.info).get("Swarm", {}).get("Cluster") is not None or "podman" not in str(attempt(client.version)).lower():
    swarm()
    plugins()
else:
    made = secrets()
    if made:
        attempt(made.remove)
print(f"refused: {failed}", file=sys.stderr)
