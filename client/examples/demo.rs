//! From an archive to a running container and its output: what `cargo xtask demo` runs.
//!
//! `cargo run -p contajners --example demo -- IMAGE.tar [ENGINE [URI]]`
//!
//! IMAGE.tar is the file system of a small Linux. Without an engine the first one is taken that
//! answers; when none does the exit status is 3.

use std::process::ExitCode;
use std::time::Duration;

use contajners::{Client, Error, Output};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(archive) = arguments.next() else {
        eprintln!("error: give the archive of a file system: IMAGE.tar [ENGINE [URI]]");
        return ExitCode::from(2);
    };
    let (engine, uri) = (arguments.next(), arguments.next());
    let Some(client) = find(engine.as_deref(), uri.as_deref()).await else {
        return ExitCode::from(3);
    };
    match demo(&client, &archive).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Finds an engine that answers, and says so.
async fn find(engine: Option<&str>, uri: Option<&str>) -> Option<Client> {
    // Those that this demonstration is about; a program may carry more.
    let engines = engine.map_or_else(|| vec!["docker", "podman"], |one| vec![one]);
    for engine in engines {
        let mut builder = Client::builder(engine).connect_timeout(Duration::from_secs(3));
        if let Some(uri) = uri {
            builder = builder.uri(uri);
        }
        let answered = match builder.build() {
            Ok(client) => {
                client.api().await.map(|api| api.version().to_owned()).map(|v| (client, v))
            }
            Err(error) => Err(error),
        };
        match answered {
            Ok((client, version)) => {
                let address = &client.discovered().endpoint;
                println!("{engine} answers at {address} and speaks API {version}");
                return Some(client);
            }
            Err(error) => {
                let cause = std::error::Error::source(&error);
                println!("{error}{}", cause.map_or(String::new(), |cause| format!(": {cause}")));
            }
        }
    }
    None
}

/// Imports, creates, starts, follows, and removes everything again, also after an error or ^C.
async fn demo(client: &Client, archive: &str) -> Result<(), Error> {
    let name = format!("contajners-demo-{}", std::process::id());
    let image = format!("localhost/{name}:latest");
    let done = tokio::select! {
        done = run(client, archive, &name, &image) => done,
        _ = tokio::signal::ctrl_c() => {
            println!("interrupted, cleaning up");
            Ok(())
        }
    };
    // Docker calls `id` what Podman calls `name`.
    let delete = client.invoke("ContainerDelete").param(id(client), &name).param("force", true);
    let container = delete.await;
    let image = client.invoke("ImageDelete").param("name", &image).await;
    done?;
    container?;
    image?;
    println!("ContainerDelete, ImageDelete: nothing is left");
    Ok(())
}

async fn run(client: &Client, archive: &str, name: &str, image: &str) -> Result<(), Error> {
    // The file is streamed, whatever its size.
    client
        .invoke("ImageCreate")
        .param("fromSrc", "-")
        .param("repo", image)
        .body_file(archive)
        .await?;
    println!("ImageCreate: imported {archive} as {image}");

    let script = "for i in 1 2 3; do echo \"hello number $i from $(uname -s)\"; sleep 0.3; done; \
                  echo 'and a word on stderr' >&2";
    client
        .invoke("ContainerCreate")
        .param("name", name)
        .body(json!({ "Image": image, "Cmd": ["/bin/sh", "-c", script] }))
        .await?;
    client.invoke("ContainerStart").param(id(client), name).await?;
    println!("ContainerCreate, ContainerStart: {name} runs; ContainerLogs follows its output");

    let logs = client
        .invoke("ContainerLogs")
        .param(id(client), name)
        .param("follow", true)
        .param("stdout", true)
        .param("stderr", true)
        .output()
        .await?;
    let mut lines = logs.lines();
    while let Some(line) = lines.next().await.transpose()? {
        let channel = if line.output == Output::Stderr { "stderr" } else { "stdout" };
        println!("  {channel} | {}", line.text());
    }
    let waited = client.invoke("ContainerWait").param(id(client), name).await?;
    println!("ContainerWait: exit status {}", waited["StatusCode"]);
    Ok(())
}

fn id(client: &Client) -> &'static str {
    if client.pack().engine() == "podman" { "name" } else { "id" }
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        eprintln!("  hint: {hint}");
    }
    ExitCode::FAILURE
}
