//! Large bodies, both ways.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use contajners::{Error, ErrorKind};
use contajners_tests::image::tar_of;
use serde_json::json;
use tokio::io::{AsyncRead, ReadBuf};

use crate::route::Route;
use crate::{create, differs, file_of, on, pattern, remove};

pub(crate) async fn up_and_down(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let id = create(&client, "true", json!({})).await?;
    let content = pattern(4 << 20);
    let archive = tar_of([("big", &*content)]);
    let put = on(&client, "PutContainerArchive", &id).param("path", "/tmp");
    put.body_reader(Cursor::new(archive)).await?;
    let back = on(&client, "ContainerArchive", &id).param("path", "/tmp/big").bytes().await?;
    let (name, bytes) = file_of(&back);
    assert_eq!(name, "big");
    assert!(bytes == content, "{} bytes, and not the ones put there", bytes.len());
    assert_eq!(route.front.accepted(), 1);
    remove(&client, &id).await
}

/// More than buffers hold between here and the engine; it tells how much was taken.
struct Endless {
    left: usize,
    taken: Arc<AtomicUsize>,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let take = buffer.remaining().min(self.left);
        buffer.initialize_unfilled_to(take).fill(0);
        buffer.advance(take);
        self.left -= take;
        self.taken.fetch_add(take, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

/// The engine answers while the body still goes up.
pub(crate) async fn refused_on_the_way(route: &Route) -> Result<(), Error> {
    const SIZE: usize = 256 << 20;
    let client = route.client();
    let id = create(&route.near(), "true", json!({})).await?;
    let no_folder = if differs("bodies::refused_on_the_way", route) { 500 } else { 404 };
    for (id, path, status) in [("no-such", "/tmp", 404), (&*id, "/no/such/folder", no_folder)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Endless { left: SIZE, taken: taken.clone() };
        let put = on(&client, "PutContainerArchive", id).param("path", path);
        let error = put.body_reader(body).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(status)), "{error}");
        let message = error.message().expect("a message").to_lowercase();
        let words = ["no such", "not find", "broken pipe"];
        assert!(words.iter().any(|words| message.contains(words)), "{message}");
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken < SIZE, "all of it was sent, answered or not");
        assert_eq!(client.invoke("SystemPing").await?, "OK");
    }
    remove(&route.near(), &id).await
}
