//! Which credentials a call wants.

use contajners_core::{Encoding, Location, Operation};
use serde_json::Value;

use super::reference::Repository;

/// The parameter that takes the credentials of one registry.
const ONE: &str = "X-Registry-Auth";
/// The parameter that takes those of several, for builds.
const SEVERAL: &str = "X-Registry-Config";

/// The parameters that name an image in a registry, the most telling first: `destination` and
/// `remote` are given beside a `name` that is the engine's own.
///
/// Of the operations that take [`ONE`] they are `destination`, else `name`, of `ImagePush` and
/// `ImagePushLibpod`; `fromImage` of `ImageCreate`; `reference` of `ImagePullLibpod`; `name` of
/// `ArtifactPullLibpod`, `ArtifactPushLibpod`, `DistributionInspect` and `PluginPush`; `remote` of
/// `GetPluginPrivileges`, `PluginPull` and `PluginUpgrade`.
/// `ServiceCreate` and `ServiceUpdate` name theirs in the body, and give credentials to all
/// nodes of a swarm: Docker's command, too, sends them only when told to.
const IMAGES: [&str; 5] = ["destination", "remote", "fromImage", "reference", "name"];

/// The credentials that a call takes and was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those for the registry of this repository.
    Registry {
        /// What the call's image reference says.
        repository: Repository,
    },
    /// All that are known.
    All,
}

impl Wanted {
    /// Returns what an operation takes, when neither parameters nor headers have it yet.
    pub(crate) fn by(
        operation: Operation<'_>,
        values: &[(&str, &Value)],
        headers: &[(String, String)],
    ) -> Option<Self> {
        let takes_more = |name: &str| {
            let mut parameters = operation.parameters();
            let parameter = parameters.find(|parameter| {
                parameter.location() == Location::Header
                    && parameter.encoding() == Encoding::JsonBase64
                    && parameter.name().eq_ignore_ascii_case(name)
            });
            parameter.is_some_and(|parameter| {
                !values.iter().any(|(own, value)| parameter.is_named(own) && !value.is_null())
                    && !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
            })
        };
        if takes_more(ONE) {
            let repository = Repository::parse(image(operation, values)?)?;
            // Podman looks for a short name in whatever registries it was told to: credentials
            // for one of them are nothing for the others. Its Docker-compatible half always
            // means Docker Hub.
            let may_be_any = operation.category().contains('/') && !repository.names_registry();
            return (!may_be_any).then_some(Self::Registry { repository });
        }
        takes_more(SEVERAL).then_some(Self::All)
    }

    /// Returns the header that they go into.
    pub(crate) fn header(&self) -> &'static str {
        match self {
            Self::Registry { .. } => ONE,
            Self::All => SEVERAL,
        }
    }
}

fn image<'v>(operation: Operation<'_>, values: &[(&str, &'v Value)]) -> Option<&'v str> {
    IMAGES.iter().find_map(|wanted| {
        let parameter =
            operation.parameters().find(|parameter| parameter.bare_name() == *wanted)?;
        let (_, value) = values.iter().find(|(name, _)| parameter.is_named(name))?;
        value.as_str().filter(|text| !text.is_empty())
    })
}

#[cfg(all(test, feature = "docker", feature = "podman"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Over all versions: an operation that begins to take credentials has to be looked at.
    #[test]
    fn every_operation_that_takes_credentials_names_its_image() {
        let mut lines = BTreeSet::new();
        for engine in crate::engines() {
            for operation in crate::pack(engine).unwrap().apis().flat_map(|api| api.operations()) {
                let has = |name: &str| operation.parameters().any(|own| own.bare_name() == name);
                let names: Vec<&str> = IMAGES.into_iter().filter(|name| has(name)).collect();
                if has(ONE) {
                    lines.insert(format!("{engine} {}: {}", operation.id(), names.join(", ")));
                }
                if has(SEVERAL) {
                    lines.insert(format!("{engine} {}: all", operation.id()));
                }
            }
        }
        insta::assert_snapshot!(lines.into_iter().collect::<Vec<_>>().join("\n"));
    }
}
