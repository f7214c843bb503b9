//! Things for operations to act on: a fresh one for each that changes something, and one of each kind
//! for those that only read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use contajners::{Call, Client, Error};
use contajners_tests::image;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

/// What the placeholder of a path can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ThingKind {
    /// Something that does not exist.
    Nothing,
    /// A container that has not been started.
    Created,
    /// A container that has not been started, whose files are mounted.
    Mounted,
    Running,
    Paused,
    Stopped,
    /// A process in a running container that has not been started.
    Exec,
    /// One with a terminal that has been started.
    RunningExec,
    Image,
    Network,
    /// A network, and a running container that is not in it.
    NetworkAndContainer,
    /// A network, and a running container that is in it.
    ConnectedNetwork,
    Volume,
    Secret,
    Config,
    Service,
    Task,
    Node,
    Swarm,
    Plugin,
    Pod,
    RunningPod,
    PausedPod,
    Manifest,
}

/// What is known of a thing by name: `id`, and `version` and `spec` of what swarm keeps.
#[derive(Debug, Clone)]
pub(crate) struct Thing(BTreeMap<&'static str, Value>);

impl Thing {
    fn of(id: impl Into<Value>) -> Self {
        Self([("id", id.into())].into())
    }

    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.insert(name, value);
        self
    }

    /// What `docker inspect` says of something that swarm keeps.
    fn of_swarm(inspected: &Value) -> Self {
        Self::of(inspected["ID"].clone())
            .with("version", inspected["Version"]["Index"].clone())
            .with("spec", inspected["Spec"].clone())
    }

    pub(crate) fn id(&self) -> &Value {
        self.fact("id")
    }

    pub(crate) fn fact(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("a thing has no `{name}`: {self:?}"))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

pub(crate) struct Things {
    client: Client,
    number: AtomicUsize,
    read: Mutex<BTreeMap<ThingKind, std::sync::Arc<OnceCell<Thing>>>>,
}

impl Things {
    /// Loads the image that containers are made of.
    pub(crate) async fn new(client: Client) -> Self {
        let archive = image::busybox_archive().expect("a static busybox");
        let load = client.invoke("ImageLoad").body_bytes(archive).await;
        load.expect("the image");
        Self { client, number: AtomicUsize::new(0), read: Mutex::default() }
    }

    /// Returns the one that is there to be looked at.
    pub(crate) async fn to_read(&self, kind: ThingKind) -> Result<Thing, Error> {
        let cell = self.read.lock().await.entry(kind).or_default().clone();
        cell.get_or_try_init(|| self.fresh(kind)).await.cloned()
    }

    /// Makes one.
    pub(crate) async fn fresh(&self, kind: ThingKind) -> Result<Thing, Error> {
        let name = format!("conformance-{}", self.number.fetch_add(1, Ordering::Relaxed));
        Ok(match kind {
            ThingKind::Nothing => Thing::of("conformance-nothing"),
            ThingKind::Created => Thing::of(self.container(&name).await?),
            ThingKind::Mounted => {
                let id = self.container(&name).await?;
                self.on("ContainerMountLibpod", &id).await?;
                Thing::of(id)
            }
            ThingKind::Running => Thing::of(self.running(&name).await?),
            ThingKind::Paused => {
                let id = self.running(&name).await?;
                self.on("ContainerPause", &id).await?;
                Thing::of(id)
            }
            ThingKind::Stopped => {
                let id = self.running(&name).await?;
                self.on("ContainerKill", &id).await?;
                self.on("ContainerWait", &id).await?;
                Thing::of(id)
            }
            ThingKind::Exec => Thing::of(self.exec(&name).await?),
            ThingKind::RunningExec => {
                let id = self.exec(&name).await?;
                let start = self.client.invoke("ExecStart").param("id", &id);
                start.body(json!({ "Detach": true, "Tty": true })).data().await?;
                Thing::of(id)
            }
            ThingKind::Image => {
                // An image of its own: engines lose names that one image gets at the same time.
                let repo = format!("localhost/{name}");
                let import = self.client.invoke("ImageCreate").param("fromSrc", "-");
                // Podman 4.3 overlooks `tag`; both take one in the name.
                let import = import.param("repo", format!("{repo}:one"));
                let files = image::tar_of([("name", name.as_bytes())]);
                import.body_bytes(files).await?;
                Thing::of(format!("{repo}:one")).with("repo", repo.into())
            }
            ThingKind::Network => Thing::of(self.network(&name).await?),
            ThingKind::NetworkAndContainer => {
                let container = self.running(&format!("{name}-in")).await?;
                Thing::of(self.network(&name).await?).with("container", container)
            }
            ThingKind::ConnectedNetwork => {
                let container = self.running(&format!("{name}-in")).await?;
                let id = self.network(&name).await?;
                let connect = self.on("NetworkConnect", &id);
                connect.body(json!({ "Container": container })).await?;
                Thing::of(id).with("container", container)
            }
            ThingKind::Volume => {
                self.client.invoke("VolumeCreate").body(json!({ "Name": name })).await?;
                Thing::of(name)
            }
            ThingKind::Secret | ThingKind::Config => {
                let what = if kind == ThingKind::Secret { "Secret" } else { "Config" };
                let create = self.client.invoke(format!("{what}Create"));
                let made = create.body(json!({ "Name": name, "Data": "aHVzaA==" })).await?;
                self.inspected(&format!("{what}Inspect"), &made["ID"]).await?
            }
            ThingKind::Service => self.service(&name).await?,
            ThingKind::Task => {
                self.service(&name).await?;
                Thing::of(self.task(&name).await?)
            }
            ThingKind::Node => {
                let nodes = self.client.invoke("NodeList").await?;
                Thing::of_swarm(&nodes[0])
            }
            ThingKind::Swarm => Thing::of_swarm(&self.client.invoke("SwarmInspect").await?),
            ThingKind::Plugin => Thing::of(self.plugin(&name).await?),
            ThingKind::Pod => Thing::of(self.pod(&name).await?),
            ThingKind::RunningPod | ThingKind::PausedPod => {
                let id = self.pod(&name).await?;
                self.on("PodStartLibpod", &id).await?;
                if kind == ThingKind::PausedPod {
                    self.on("PodPauseLibpod", &id).await?;
                }
                Thing::of(id)
            }
            ThingKind::Manifest => {
                let create = self.client.invoke("ManifestCreateLibpod");
                let create = create.param("name", format!("localhost/{name}:one"));
                create
                    .param("images", [format!("containers-storage:{}", image::BUSYBOX)])
                    .body(json!({}))
                    .await?;
                Thing::of(format!("localhost/{name}:one"))
            }
        })
    }

    /// A call about a thing, whatever the operation calls the parameter that names it.
    fn on(&self, operation: &str, id: &Value) -> Call {
        let name = if self.client.pack().engine() == "podman" { "name" } else { "id" };
        self.client.invoke(operation).param(name, id)
    }

    async fn inspected(&self, operation: &str, id: &Value) -> Result<Thing, Error> {
        Ok(Thing::of_swarm(&self.on(operation, id).await?))
    }

    async fn container(&self, name: &str) -> Result<Value, Error> {
        let create = self.client.invoke("ContainerCreate").param("name", name);
        let body = json!({
            "Image": image::BUSYBOX,
            "Cmd": ["sleep", "1000"],
            // The first process of a container takes no notice of other signals.
            "StopSignal": "SIGKILL",
            "Healthcheck": { "Test": ["CMD", "true"], "Interval": 3_600_000_000_000_u64 },
        });
        Ok(create.body(body).await?["Id"].take())
    }

    async fn running(&self, name: &str) -> Result<Value, Error> {
        let id = self.container(name).await?;
        self.on("ContainerStart", &id).await?;
        Ok(id)
    }

    async fn exec(&self, name: &str) -> Result<Value, Error> {
        let id = self.running(name).await?;
        let body = json!({ "Cmd": ["sleep", "1000"], "AttachStdout": true, "Tty": true });
        Ok(self.on("ContainerExec", &id).body(body).await?["Id"].take())
    }

    async fn network(&self, name: &str) -> Result<Value, Error> {
        let create = self.client.invoke("NetworkCreate").body(json!({ "Name": name }));
        Ok(create.await?["Id"].take())
    }

    async fn service(&self, name: &str) -> Result<Thing, Error> {
        let container = json!({ "Image": image::BUSYBOX, "Command": ["sleep", "1000"] });
        let body = json!({ "Name": name, "TaskTemplate": { "ContainerSpec": container } });
        let made = self.client.invoke("ServiceCreate").body(body).await?;
        self.inspected("ServiceInspect", &made["ID"]).await
    }

    /// The first task of a service, which swarm makes in its own time.
    async fn task(&self, service: &str) -> Result<Value, Error> {
        loop {
            let list = self.client.invoke("TaskList");
            let tasks = list.param("filters", json!({ "service": [service] })).await?;
            match tasks[0]["ID"].clone() {
                Value::Null => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
                id => return Ok(id),
            }
        }
    }

    /// A plugin without a program: it can be handled and not started.
    async fn plugin(&self, name: &str) -> Result<String, Error> {
        let name = format!("localhost/{name}:one");
        let create = self.client.invoke("PluginCreate").param("name", &name);
        create.body_bytes(plugin_archive(&name)).await?;
        Ok(name)
    }

    async fn pod(&self, name: &str) -> Result<Value, Error> {
        let create = self.client.invoke("PodCreateLibpod").body(json!({ "name": name }));
        Ok(create.await?["Id"].take())
    }
}

/// No two plugins may have the same contents.
pub(crate) fn plugin_archive(name: &str) -> Vec<u8> {
    let config = json!({
        "description": name,
        "documentation": "",
        "entrypoint": ["/none"],
        "env": [{ "name": "A", "value": "1", "settable": ["value"] }],
        "interface": { "types": ["contajners.conformance/1.0"], "socket": "none.sock" },
        "linux": {},
        "mounts": [],
        "network": { "type": "none" },
        "propagatedMount": "",
    });
    let config = config.to_string();
    image::tar_of([("config.json", config.as_bytes()), ("rootfs/name", name.as_bytes())])
}
