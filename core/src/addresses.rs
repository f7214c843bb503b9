//! What addresses in packs may say.

/// Tells whether an address of a pack keeps what variables hold to itself.
///
/// A pack may be anybody's, and one with `http://host/$SECRET` would carry a secret to that host.
/// Variables may stand in the path of a socket (`unix://$HOME/x.sock`) and in the name of a pipe of this
/// machine (`npipe:////./pipe/$NAME`); elsewhere one stands for the whole address or its host, which
/// leads where the user says.
///
/// ```
/// use contajners_core::keeps_variables;
///
/// assert!(keeps_variables("unix://$XDG_RUNTIME_DIR/engine.sock"));
/// assert!(keeps_variables("tcp://$ENGINE_HOST:2375"));
/// assert!(!keeps_variables("http://engine.example/$TOKEN"));
/// ```
pub fn keeps_variables(address: &str) -> bool {
    // Pipes may be written either way.
    let own_pipe = |rest: &str| rest.starts_with("//./pipe/") || rest.starts_with(r"\\.\pipe\");
    if address.starts_with("unix://") || address.strip_prefix("npipe://").is_some_and(own_pipe) {
        return true;
    }
    let host = match address.split_once("://") {
        Some((scheme, host)) if !scheme.contains('$') => host,
        _ => address,
    };
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match host.strip_prefix('$') {
        None => !host.contains('$'),
        Some(behind) => {
            let behind = behind.trim_start_matches(is_in_name);
            // A host ends with a port or the path: what has user info sends the variable elsewhere.
            let path = match behind.strip_prefix(':') {
                Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => {
                    port.trim_start_matches(|c: char| c.is_ascii_digit())
                }
                _ => behind,
            };
            (path.is_empty() || path.starts_with('/')) && !behind.contains('$')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_lead_where_the_user_says_or_nowhere() {
        for kept in [
            "$HOST",
            "$HOST/x",
            "$HOST:1/x",
            "tcp://$HOST",
            "https://$H_1:2/x",
            "unix://$A/$B",
            "npipe:////./pipe/$A",
            r"npipe://\\.\pipe\$A",
        ] {
            assert!(keeps_variables(kept), "{kept}");
        }
        for told in [
            "http://h/$A",
            "http://$A.h",
            "http://$A/$B",
            "$A://h/$B",
            "$A://h",
            "tcp://$A@h",
            "ssh://$A@h",
            "tcp://$A:x@h:1",
            "ssh://$A:1@h",
            "$A:",
            "http+unix://%2Fx/$A",
            "npipe:////far/pipe/$A",
            "npipe:////$A/pipe/x",
        ] {
            assert!(!keeps_variables(told), "{told}");
        }
        for plain in ["http://h/x", "context://docker", "unix:///x"] {
            assert!(keeps_variables(plain), "{plain}");
        }
    }
}
