//! Images: imported, listed, tagged, exported, built.

use contajners::{Client, Error, ErrorKind};
use contajners_tests::image::tar_of;
use serde_json::{Value, json};

use crate::{create, import, on, on_both, remove, text};

on_both!(
    ping,
    import_list_tag_remove,
    build_from_scratch,
    a_failed_build_is_an_error,
    load_and_get
);

async fn ping(engine: Client) -> Result<(), Error> {
    assert_eq!(engine.invoke("SystemPing").await?, json!("OK"));
    let answer = engine.invoke("SystemPing").send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.header("api-version").is_some());
    Ok(())
}

async fn import_list_tag_remove(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/images/deep").await?;

    let listed: Vec<Value> = engine
        .invoke("ImageList")
        .param("filters", json!({ "reference": [&image] }))
        .json()
        .await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["RepoTags"], json!([&image]));

    // A name with slashes and a tag is one path segment.
    let inspected = engine.invoke("ImageInspect").param("name", &image).await?;
    assert_eq!(text(&inspected, "/Os"), "linux");
    engine
        .invoke("ImageTag")
        .param("name", &image)
        .param("repo", "localhost/tests/images/second")
        .param("tag", "v1.0")
        .await?;
    let second = "localhost/tests/images/second:v1.0";
    let tagged = engine.invoke("ImageInspect").param("name", second).await?;
    assert_eq!(tagged["Id"], inspected["Id"]);

    for name in [second, &image] {
        let removed = engine.invoke("ImageDelete").param("name", name).await?;
        assert!(removed.is_array(), "{removed}");
    }
    let gone = engine.invoke("ImageInspect").param("name", &image).await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
    Ok(())
}

async fn build_from_scratch(engine: Client) -> Result<(), Error> {
    let context = tar_of([
        ("Dockerfile", b"FROM scratch\nARG WORD\nLABEL word=$WORD\nCOPY data /data\n".as_slice()),
        ("data", b"facts"),
    ]);
    let messages = engine
        .invoke("ImageBuild")
        .param("t", ["localhost/tests/built:one", "localhost/tests/built:two"])
        .param("buildargs", json!({ "WORD": "a b&c" }))
        .body_bytes(context)
        .await?;
    assert!(messages.is_array(), "{messages}");
    for tag in ["one", "two"] {
        let name = format!("localhost/tests/built:{tag}");
        let built = engine.invoke("ImageInspect").param("name", &name).await?;
        assert_eq!(text(&built, "/Config/Labels/word"), "a b&c");
    }
    Ok(())
}

async fn a_failed_build_is_an_error(engine: Client) -> Result<(), Error> {
    let context = tar_of([("Dockerfile", b"FROM scratch\nCOPY missing /x\n".as_slice())]);
    let call = engine.invoke("ImageBuild").body_bytes(context);
    let error = call.await.unwrap_err();
    // The engine says so inside an answer that began as a success.
    assert_eq!((error.kind(), error.code()), (ErrorKind::InBand, "in-band-error"));
    assert!(error.message().is_some_and(|message| message.contains("missing")), "{error}");
    assert!(error.may_have_acted());
    Ok(())
}

async fn load_and_get(engine: Client) -> Result<(), Error> {
    let archive = contajners_tests::image::busybox_archive().expect("an archive");
    engine.invoke("ImageLoad").body_bytes(archive).await?;
    let saved =
        engine.invoke("ImageGet").param("name", contajners_tests::image::BUSYBOX).bytes().await?;
    assert_eq!(&saved[257..262], b"ustar");
    // An archive is no JSON, which shows before anything is sent.
    let call = engine.invoke("ImageGet").param("name", contajners_tests::image::BUSYBOX);
    let error = call.await.unwrap_err();
    assert_eq!((error.code(), error.may_have_acted()), ("not-text", false));

    let id = create(&engine, contajners_tests::image::BUSYBOX, "loaded", "true").await?;
    let mut export = on(&engine, "ContainerExport", &id).stream().await?;
    let mut length = 0;
    while let Some(piece) = export.next().await.transpose()? {
        length += piece.len();
    }
    assert_eq!(length % 512, 0);
    assert!(length > 100_000, "{length}");
    remove(&engine, &id).await
}
