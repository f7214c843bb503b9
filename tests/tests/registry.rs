//! Credentials for a registry that wants a password: pushed and pulled through both engines.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contajners::{Client, Credentials, Error, ErrorKind, RegistryAuth};
use contajners_tests::image::tar_of;
use contajners_tests::registry::{PASSWORD, USER};
use contajners_tests::{PrivateEngine, Registry, RegistryError, secrets, skip};
use serde_json::{Value, json};

/// Longer than any call here takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine, the registry in its network, and files with credentials for it.
struct Place {
    name: &'static str,
    engine: &'static PrivateEngine,
    registry: Registry,
    folder: PathBuf,
}

fn docker() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    PLACE.get_or_init(|| place("docker", contajners_tests::docker()?)).as_ref()
}

fn podman() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    PLACE.get_or_init(|| place("podman", contajners_tests::podman()?)).as_ref()
}

fn place(name: &'static str, engine: &'static PrivateEngine) -> Option<Place> {
    match Registry::start(engine) {
        Ok(registry) => {
            // Nothing drops what is static; the engine's own folder goes all the same.
            let folder = engine.folder().join("logins");
            std::fs::create_dir(&folder).expect("a folder");
            Some(Place { name, engine, registry, folder })
        }
        Err(error @ RegistryError::NotInstalled { .. }) => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

impl Place {
    fn client(&self, credentials: Credentials) -> Client {
        let builder = Client::builder(self.name).uri(self.engine.uri()).timeout(PATIENCE);
        let builder = builder.credentials(credentials);
        secrets::check(&format!("{builder:?}"));
        let client = builder.build().expect("a client");
        secrets::check(&format!("{client:?}"));
        client
    }

    /// A client whose file has this password for the registry.
    fn with_password(&self, password: &str) -> Client {
        let auth = base64(format!("{USER}:{password}").as_bytes());
        let config = json!({ "auths": { self.registry.address(): { "auth": auth } } });
        self.client(Credentials::file(self.file(&config)))
    }

    fn file(&self, config: &Value) -> PathBuf {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{number}.json"));
        std::fs::write(&file, config.to_string()).expect("a file");
        file
    }

    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.address())
    }
}

/// Imports an image of one file.
async fn import(client: &Client, name: &str) -> Result<(), Error> {
    let import = client.invoke("ImageCreate").param("fromSrc", "-");
    let file = tar_of([("file", name.as_bytes())]);
    import.param("repo", format!("{name}:one")).body_bytes(file).await.map(drop)
}

async fn push(client: &Client, name: &str) -> Result<Value, Error> {
    client.invoke("ImagePush").param("name", name).param("tag", "one").await
}

async fn pull(client: &Client, name: &str) -> Result<Value, Error> {
    client.invoke("ImageCreate").param("fromImage", name).param("tag", "one").await
}

async fn remove(client: &Client, name: &str) -> Result<(), Error> {
    client.invoke("ImageDelete").param("name", format!("{name}:one")).await.map(drop)
}

fn run<R: Future<Output = Result<(), Error>>>(work: R) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    secrets::listen();
    if let Err(error) = runtime.block_on(work) {
        panic!("{error}: {:?}", error.message());
    }
    secrets::none_was_told();
}

/// That the engine, or the registry through it, refused, and that no word of it is a secret.
#[track_caller]
fn check_refused(result: Result<Value, Error>) {
    let error = match result {
        Ok(answer) => panic!("not refused: {answer}"),
        Err(error) => error,
    };
    assert!(matches!(error.kind(), ErrorKind::Status | ErrorKind::InBand), "{error:?}");
    let all = format!("{error} {error:?}");
    secrets::check(&all);
    assert!(!all.contains(&base64(b"tester:")[..8]), "{all}");
}

async fn the_right_password(place: &Place) -> Result<(), Error> {
    let client = place.with_password(PASSWORD);
    let image = place.image("right/one");
    import(&client, &image).await?;
    push(&client, &image).await?;
    remove(&client, &image).await?;
    pull(&client, &image).await?;
    client.invoke("ImageInspect").param("name", format!("{image}:one")).await?;
    remove(&client, &image).await
}

async fn a_wrong_password_or_none(place: &Place) -> Result<(), Error> {
    let image = place.image("wrong/one");
    let right = place.with_password(PASSWORD);
    import(&right, &image).await?;
    push(&right, &image).await?;
    for client in [place.with_password("geheim"), place.client(Credentials::none())] {
        check_refused(push(&client, &image).await);
        check_refused(pull(&client, &image).await);
    }
    // By hand it goes for whom nothing is looked up.
    let client = place.client(Credentials::none());
    let auth = RegistryAuth::password(USER, PASSWORD).server_address(place.registry.address());
    let pull = client.invoke("ImageCreate").param("fromImage", &image).param("tag", "one");
    pull.param("X-Registry-Auth", auth).await?;
    remove(&right, &image).await
}

async fn a_build_from_an_image_behind_a_password(place: &Place) -> Result<(), Error> {
    let client = place.with_password(PASSWORD);
    let (image, built) = (place.image("build/base"), "localhost/tests/registry:built");
    import(&client, &image).await?;
    push(&client, &image).await?;
    remove(&client, &image).await?;
    let from = format!("FROM {image}:one\nCOPY Dockerfile /Dockerfile\n");
    let build = |client: &Client| {
        let context = tar_of([("Dockerfile", from.as_bytes())]);
        let build = client.invoke("ImageBuild").param("t", built).param("nocache", true);
        build.param("pull", "true").body_bytes(context)
    };
    check_refused(build(&place.client(Credentials::none())).await);
    build(&client).await?;
    client.invoke("ImageDelete").param("name", built).await?;
    Ok(())
}

/// Podman's own half of the API, with a key that names the repository.
async fn libpod(place: &Place) -> Result<(), Error> {
    let image = place.image("libpod/one");
    let key = image.clone();
    let config = json!({ "auths": {
        key: { "auth": base64(format!("{USER}:{PASSWORD}").as_bytes()) },
        place.registry.address(): { "auth": base64(b"tester:geheim") },
    }});
    let client = place.client(Credentials::file(place.file(&config)));
    let local = "localhost/tests/registry/libpod";
    import(&client, local).await?;
    let push = |client: &Client| {
        let push = client.invoke("ImagePushLibpod").param("name", format!("{local}:one"));
        push.param("destination", format!("{image}:one"))
    };
    let pull = |client: &Client| {
        client.invoke("ImagePullLibpod").param("reference", format!("{image}:one"))
    };
    push(&client).await?;
    pull(&client).await?;
    let wrong = place.with_password("geheim");
    check_refused(push(&wrong).await);
    check_refused(pull(&wrong).await);
    remove(&client, local).await?;
    remove(&client, &image).await
}

macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn docker() {
                let Some(place) = super::docker() else { return };
                super::run(super::$test(place));
            }

            #[test]
            fn podman() {
                let Some(place) = super::podman() else { return };
                super::run(super::$test(place));
            }
        }
    )+};
}

on_both!(the_right_password, a_wrong_password_or_none, a_build_from_an_image_behind_a_password);

/// Asking a registry about an image needs credentials like pulling it, which no spec says.
#[test]
fn what_a_registry_says_of_an_image() {
    let Some(place) = docker() else { return };
    run(async {
        let image = place.image("asked/one");
        let client = place.with_password(PASSWORD);
        import(&client, &image).await?;
        push(&client, &image).await?;
        let name = format!("{image}:one");
        let inspect =
            |client: &Client| client.invoke("DistributionInspect").param("name", name.clone());
        let told = inspect(&client).await?;
        let digest = told.pointer("/Descriptor/digest").and_then(Value::as_str).unwrap_or_default();
        assert!(digest.starts_with("sha256:"), "{told}");
        check_refused(inspect(&place.client(Credentials::none())).await);
        remove(&client, &image).await
    });
}

#[test]
fn podmans_own_api() {
    let Some(place) = podman() else { return };
    run(libpod(place));
}

/// Base64 as the files have it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = (bits >> (18 - 6 * i) & 63) as usize;
            out.push(if i <= chunk.len() { char::from(ALPHABET[digit]) } else { '=' });
        }
    }
    out
}
