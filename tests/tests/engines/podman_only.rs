//! What Podman has beyond Docker's API: the `libpod` categories.

use contajners::{Client, Error};
use serde_json::{Value, json};

use crate::{import, remove, run, start, text};

#[test]
fn stats_of_two_containers() {
    run("podman", contajners_tests::podman(), async |podman: Client| {
        let image = import(&podman, "localhost/tests/stats").await?;
        let one = start(&podman, &image, "stats-one", "sleep 100").await?;
        let two = start(&podman, &image, "stats-two", "sleep 100").await?;
        let stats = podman
            .invoke("ContainersStatsAllLibpod")
            .param("containers", [&one, "stats-two"])
            .param("stream", false)
            .await?;
        let mut names: Vec<String> = stats["Stats"]
            .as_array()
            .unwrap_or_else(|| panic!("no list in {stats}"))
            .iter()
            .map(|one| text(one, "/Name"))
            .collect();
        names.sort();
        assert_eq!(names, ["stats-one", "stats-two"]);
        remove(&podman, &one).await?;
        let gone = podman.invoke("ContainersStatsAllLibpod").param("containers", &one);
        // Answered with 200, and an error without a word.
        let error = gone.param("stream", false).await.unwrap_err();
        assert_eq!(error.message(), Some("no reason is given"), "{error}");
        remove(&podman, &two).await
    });
}

#[test]
fn libpod_has_categories_of_its_own() {
    run("podman", contajners_tests::podman(), async |podman: Client| {
        let categories = podman.api().await?.categories();
        assert!(categories.contains(&"libpod/containers".into()), "{categories:?}");

        let scoped = Client::builder("podman")
            .uri(podman.discovered().endpoint.to_string())
            .category("libpod/volumes")
            .build()?;
        scoped.invoke("VolumeCreateLibpod").body(json!({ "Name": "libpod-volume" })).await?;
        let listed: Vec<Value> = scoped
            .invoke("VolumeListLibpod")
            .param("filters", json!({ "name": ["libpod-volume"] }))
            .json()
            .await?;
        assert_eq!(text(&listed[0], "/Name"), "libpod-volume");
        scoped.invoke("VolumeDeleteLibpod").param("name", "libpod-volume").await?;

        let error = scoped.invoke("ContainerListLibpod").await.unwrap_err();
        assert_eq!(error.code(), "other-category");
        assert_eq!(error.hint(), Some("it is in category `libpod/containers`"));
        Ok::<(), Error>(())
    });
}

#[test]
fn names_with_slashes_reach_libpod_routes() {
    run("podman", contajners_tests::podman(), async |podman: Client| {
        let image = import(&podman, "localhost/tests/libpod/deep").await?;
        let inspected = podman.invoke("ImageInspectLibpod").param("name", &image).await?;
        assert_eq!(inspected["RepoTags"], json!([&image]));
        // 204 and 404 are the answers to a question: the first is success without a body.
        let there = podman.invoke("ImageExistsLibpod").param("name", &image).await?;
        assert_eq!(there, Value::Null);
        let missing = podman.invoke("ImageExistsLibpod").param("name", "no-such").await;
        assert_eq!(missing.unwrap_err().status(), Some(404));
        Ok(())
    });
}
