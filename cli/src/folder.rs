//! Folders in place of archives: `--context` and `--unpack`.

use std::path::Path;

use contajners::{Compression, Folder, Response, Unpack};
use contajners_core::{Answer, Method, Operation};
use serde_json::Value;

use crate::args::{Compress, Folders};
use crate::call::Body;
use crate::failure::Failure;
use crate::output::remark;

/// The parameter that names the build file in a build context. Operations that have it build.
const DOCKERFILE: &str = "dockerfile";

/// Makes a body of the folder that `--context` names.
pub(crate) fn body(
    engine: &str,
    operation: &Operation<'_>,
    values: &[(String, Value)],
    folders: &Folders,
) -> Result<Body, Failure> {
    let Some(path) = &folders.context else { return Ok(Body::Nothing) };
    let takes_tar = operation.body().is_some_and(|body| body.media_types().any(is_tar));
    if !takes_tar {
        let id = operation.id();
        return Err(match operation.body() {
            Some(_) => Failure::usage(format!("the body of `{id}` is not an archive"))
                .with_hint("give it with `--data`"),
            None => Failure::usage(format!("`{id}` takes no body"))
                .with_hint("`--context` names a folder, and `--connection` a Docker context"),
        });
    }
    let builds = operation.parameters().any(|parameter| parameter.is_named(DOCKERFILE));
    let mut folder = if builds { Folder::build_context(path) } else { Folder::new(path) };
    // Each engine's own tool looks for its own name first.
    if engine == "podman" {
        folder = folder.ignore_files([".containerignore", ".dockerignore"]);
    }
    let is_dockerfile = |name: &str| name.strip_prefix("query.").unwrap_or(name) == DOCKERFILE;
    for (_, value) in values.iter().filter(|(name, _)| is_dockerfile(name)) {
        for name in dockerfiles(value) {
            folder = match name.contains("://") {
                true => folder.dockerfile_elsewhere(),
                false => folder.dockerfile(name),
            };
        }
    }
    Ok(Body::Folder(match folders.compress {
        Some(Compress::Gzip) => folder.compressed(Compression::Gzip),
        Some(Compress::Zstd) => folder.compressed(Compression::Zstd),
        None => folder,
    }))
}

/// Returns the media type of the body, where one has to be said: that of a folder is an archive's,
/// whatever else the operation takes.
pub(crate) fn media_type<'t>(
    operation: &Operation<'t>,
    typed: Option<&'t str>,
    folders: &Folders,
) -> Result<Option<&'t str>, Failure> {
    if folders.context.is_none() {
        return Ok(typed);
    }
    match typed {
        Some(typed) if !is_tar(typed) => {
            Err(Failure::usage(format!("a folder is sent as a tar, not as `{typed}`"))
                .with_hint("leave out `--content-type`"))
        }
        Some(typed) => Ok(Some(typed)),
        None => {
            let mut documented = operation.body().into_iter().flat_map(|body| body.media_types());
            let is_first = documented.next().is_some_and(is_tar);
            Ok(documented.find(|other| !is_first && is_tar(other)))
        }
    }
}

fn is_tar(media_type: &str) -> bool {
    matches!(media_type, "application/x-tar" | "application/tar" | "application/octet-stream")
}

/// The build files that a value names: Podman takes a list, which is JSON in a text.
fn dockerfiles(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with('[') => {
            serde_json::from_str(text).unwrap_or_else(|_| vec![text.clone()])
        }
        // The engine's own idea of a name.
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(dockerfiles).collect(),
        _ => Vec::new(),
    }
}

/// Refuses to unpack what is not an archive.
pub(crate) fn check_answer(operation: &Operation<'_>) -> Result<(), Failure> {
    if operation.answer() == Answer::Bytes && operation.method() != Method::Head {
        return Ok(());
    }
    let text = format!("the answer to `{}` is not an archive", operation.id());
    Err(Failure::usage(text).with_hint("leave out `--unpack`"))
}

/// Unpacks an answer into the folder that `--unpack` names.
pub(crate) async fn unpack(
    answer: Response,
    folder: &Path,
    folders: &Folders,
) -> Result<(), Failure> {
    let mut into = Unpack::new(folder);
    if folders.leave_out_refused {
        into = into.leave_out_refused();
    }
    let unpacked = answer.into_stream().unpack_into(into).await?;
    if unpacked.left_out > 0 {
        let what = if unpacked.left_out == 1 { "entry was" } else { "entries were" };
        remark(format_args!("note: {} {what} left out", unpacked.left_out));
    }
    Ok(())
}
