//! Which registry an image reference names.

/// Docker Hub, as references name it.
pub(super) const HUB: &str = "docker.io";
/// Docker Hub, as Docker's files and helpers name it: the address of an API that is long gone.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The registry of an image reference, and the repository there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// A host with its port, if it has one; [`HUB`] for Docker Hub, whatever name it went by.
    pub(super) host: String,
    /// The path without tag and digest (`library/busybox`).
    path: String,
    named: Named,
}

/// Whether the reference itself says which registry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Here,
    /// A short name such as `busybox`, which is taken for Docker Hub's.
    NotAtAll,
}

impl Repository {
    /// Reads a reference as distribution's `reference.splitDockerDomain` does: the first of
    /// several components is a host if it holds `.`, `:` or a capital, or is `localhost`; else
    /// it is Docker Hub's. `None` where no registry is meant, as in `oci:folder`.
    pub(super) fn parse(reference: &str) -> Option<Self> {
        let reference = reference.strip_prefix("docker://").unwrap_or(reference);
        let (reference, digest) = reference.split_once('@').unwrap_or((reference, ""));
        if digest.contains('/') {
            return None;
        }
        let (first, rest) = reference.split_once('/').unwrap_or(("", reference));
        let is_host = first == "localhost"
            || first.contains(['.', ':'])
            || first.chars().any(char::is_uppercase);
        let (host, path, named) = match is_host {
            true => (first, rest, Named::Here),
            false => (HUB, reference, Named::NotAtAll),
        };
        // A colon in the last component begins a tag; there can be none before.
        let path = path.split(':').next().unwrap_or_default().trim_end_matches('/');
        if !is_authority(host) || path.is_empty() || path.starts_with('/') {
            return None;
        }
        let is_hub = alias(host) == HUB;
        let path = match is_hub && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.into(),
        };
        let host = if is_hub { HUB.into() } else { host.into() };
        Some(Self { host, path, named })
    }

    /// Tells whether the reference itself says which registry it is.
    pub(super) fn names_registry(&self) -> bool {
        self.named == Named::Here
    }

    /// Returns what Podman's files may call it, the longest first: repository, namespaces, host.
    pub(super) fn keys(&self) -> Vec<String> {
        let whole = format!("{}/{}", self.host, self.path);
        let ends = whole.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
        let shorter = ends.into_iter().rev().map(|at| whole[..at].to_owned());
        std::iter::once(whole.clone()).chain(shorter).collect()
    }
}

/// Returns the host that a key of a file means: some tools have written addresses there.
pub(super) fn host_of_key(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    match bare {
        Some(bare) => alias(bare.split('/').next().unwrap_or_default()),
        None => alias(key),
    }
}

/// The same by Docker's rules, whose keys name nothing but hosts, whatever stands behind them.
pub(super) fn docker_host_of_key(key: &str) -> &str {
    alias(host_of_key(key).split('/').next().unwrap_or_default())
}

/// Returns the one name of a registry that has several.
fn alias(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => HUB,
        host => host,
    }
}

/// A host with perhaps a port, rather than one of Podman's transports (`dir:`).
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) if port.starts_with(':') => (host, Some(&port[1..])),
        Some(_) => return false,
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let in_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    !host.is_empty()
        && host.chars().all(in_host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, expected: &str) {
        let text = match Repository::parse(reference) {
            None => "none".into(),
            Some(found) => format!("{} {} {:?}", found.host, found.path, found.named),
        };
        assert_eq!(text, expected, "{reference}");
    }

    #[test]
    fn the_first_component_decides() {
        check("busybox", "docker.io library/busybox NotAtAll");
        check("busybox:musl", "docker.io library/busybox NotAtAll");
        check("me/tool@sha256:0123", "docker.io me/tool NotAtAll");
        check("docker.io/busybox", "docker.io library/busybox Here");
        check("index.docker.io/me/tool:1", "docker.io me/tool Here");
        check("docker.acme.com/eg:2.1.995", "docker.acme.com eg Here");
        check("docker.acme.com:5000/a/b/c:tag@sha256:0123", "docker.acme.com:5000 a/b/c Here");
        check("localhost/x", "localhost x Here");
        check("localhost:5000/x", "localhost:5000 x Here");
        check("Acme/x", "Acme x Here");
        check("[::1]:5000/x", "[::1]:5000 x Here");
        check("docker://quay.io/a/b", "quay.io a/b Here");
    }

    #[test]
    fn what_names_no_registry() {
        for reference in [
            "",
            "/",
            "a.b/",
            "//x",
            "dir:/tmp/x",
            "oci-archive:some/file.tar",
            "containers-storage:a/b",
            "a b.c/x",
            "user:pw.d@host/x",
            "h.x:99999/y",
        ] {
            check(reference, "none");
        }
    }

    #[test]
    fn keys_from_the_longest() {
        let keys = |reference| Repository::parse(reference).unwrap().keys();
        assert_eq!(keys("r.x:1/a/b/c:t"), ["r.x:1/a/b/c", "r.x:1/a/b", "r.x:1/a", "r.x:1"]);
        let hub = ["docker.io/library/busybox", "docker.io/library", "docker.io"];
        assert_eq!(keys("busybox"), hub);
    }

    #[test]
    fn keys_that_are_addresses() {
        for (key, host) in [
            (HUB_KEY, HUB),
            ("docker.io", HUB),
            ("https://r.x:1/v1/", "r.x:1"),
            ("http://r.x", "r.x"),
            ("r.x/a", "r.x/a"),
        ] {
            assert_eq!(host_of_key(key), host);
        }
    }
}
