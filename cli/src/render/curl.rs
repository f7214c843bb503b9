//! A request as a curl command line, to be pasted into a POSIX shell.

use std::path::Path;

use contajners::{Discovered, Endpoint, Tls};
use contajners_core::{Answer, Method};

use crate::failure::Failure;

/// A request, ready to be shown: secrets are left out already, or meant to be seen.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    /// The method.
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: &'a str,
    /// Names and values.
    pub(crate) headers: &'a [(String, String)],
    /// The body.
    pub(crate) body: ShownBody<'a>,
    /// What a successful answer is.
    pub(crate) answer: Answer,
}

/// The body of a request that is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ShownBody<'a> {
    /// None.
    Nothing,
    /// This text.
    Text(&'a str),
    /// What is in the file, `-` for standard input.
    File(&'a str),
}

/// The options that have curl trust and show the same certificates.
fn of_tls(tls: &Tls) -> Vec<String> {
    let quoted = |path: &Path| quote(&path.to_string_lossy());
    let mut words = Vec::new();
    if !tls.is_verified() {
        words.push("--insecure".into());
    } else if let Some(ca) = tls.ca_path() {
        words.extend(["--cacert".into(), quoted(ca)]);
    }
    if let Some((certificate, key)) = tls.identity_paths() {
        words.extend(["--cert".into(), quoted(certificate), "--key".into(), quoted(key)]);
    }
    words
}

/// Writes the command line that sends the request to the engine listening there.
pub(crate) fn line(place: &Discovered, request: &Shown<'_>) -> Result<String, Failure> {
    let mut words = vec!["curl".to_owned()];
    let base = match &place.endpoint {
        Endpoint::Unix(socket) => {
            words.extend(["--unix-socket".into(), quote(&socket.to_string_lossy())]);
            "http://localhost".to_owned()
        }
        Endpoint::Tcp { host, port, prefix } if host.contains(':') => {
            format!("http://[{host}]:{port}{prefix}")
        }
        Endpoint::Tcp { host, port, prefix } => format!("http://{host}:{port}{prefix}"),
        secure @ Endpoint::Https { .. } => {
            words.extend(place.tls.as_ref().map(of_tls).unwrap_or_default());
            secure.to_string()
        }
        other => return Err(Failure::usage(format!("curl cannot reach `{other}`"))),
    };
    // Streams are to be seen as they come.
    if matches!(request.answer, Answer::Frames | Answer::JsonLines) {
        words.push("--no-buffer".into());
    }
    let has_body = !matches!(request.body, ShownBody::Nothing);
    match request.method {
        Method::Get if !has_body => {}
        Method::Post if has_body => {}
        Method::Head => words.push("--head".into()),
        method => words.extend(["-X".into(), method.to_string()]),
    }
    for (name, value) in request.headers {
        // `name:` alone would remove the header; `name;` sends it empty.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["-H".into(), quote(&header)]);
    }
    match request.body {
        ShownBody::Nothing => {}
        // Unlike `--data`, it gives `@` no meaning.
        ShownBody::Text(text) => words.extend(["--data-raw".into(), quote(text)]),
        ShownBody::File(path) => {
            words.extend(["--data-binary".into(), quote(&format!("@{path}"))]);
        }
    }
    let url = format!("{base}{}", request.target);
    if url.contains(['[', ']', '{', '}']) {
        words.push("--globoff".into());
    }
    words.push(quote(&url));
    Ok(words.join(" "))
}

/// Quotes a word for a POSIX shell, when it needs that.
fn quote(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use contajners::Client;

    use super::*;

    fn shown<'a>(
        method: Method,
        body: ShownBody<'a>,
        headers: &'a [(String, String)],
    ) -> Shown<'a> {
        Shown { method, target: "/a?b=c", headers, body, answer: Answer::Json }
    }

    #[track_caller]
    fn check(host: &str, request: &Shown<'_>, expected: &str) {
        let place = Client::builder("docker").uri(host).discover().unwrap();
        assert_eq!(line(&place, request).unwrap(), expected);
    }

    #[test]
    fn certificates_are_curls_to_read() {
        let request = shown(Method::Get, ShownBody::Nothing, &[]);
        let check = |tls: Tls, expected: &str| {
            let place = Client::builder("docker").uri("tcp://far").tls(tls).discover().unwrap();
            assert_eq!(line(&place, &request).unwrap(), expected);
        };
        let tls = Tls::new().identity_files("/c/my cert.pem", "/c/key.pem");
        check(
            tls.clone().ca_file("/c/ca.pem"),
            "curl --cacert /c/ca.pem --cert '/c/my cert.pem' --key /c/key.pem \
             'https://far:2376/a?b=c'",
        );
        check(
            tls.skip_verify(),
            "curl --insecure --cert '/c/my cert.pem' --key /c/key.pem 'https://far:2376/a?b=c'",
        );
        check(Tls::new(), "curl 'https://far:2376/a?b=c'");
    }

    #[test]
    fn says_what_curl_would_not_do_by_itself() {
        let header = [("X-A".to_owned(), "it's".to_owned()), ("X-B".to_owned(), String::new())];
        check(
            "unix:///run/my docker.sock",
            &shown(Method::Get, ShownBody::Nothing, &[]),
            "curl --unix-socket '/run/my docker.sock' 'http://localhost/a?b=c'",
        );
        check(
            "tcp://example.org",
            &shown(Method::Post, ShownBody::Text("@a'b"), &header),
            r"curl -H 'X-A: it'\''s' -H 'X-B;' --data-raw '@a'\''b' 'http://example.org:2375/a?b=c'",
        );
        check(
            "http://[::1]:99/p/",
            &shown(Method::Put, ShownBody::File("-"), &[]),
            "curl -X PUT --data-binary @- --globoff 'http://[::1]:99/p/a?b=c'",
        );
        check(
            "localhost:2375",
            &shown(Method::Post, ShownBody::Nothing, &[]),
            "curl -X POST 'http://localhost:2375/a?b=c'",
        );
        check(
            "[::1]",
            &shown(Method::Head, ShownBody::Nothing, &[]),
            "curl --head --globoff 'http://[::1]:2375/a?b=c'",
        );
    }

    /// What a shell reads back is the word itself.
    #[test]
    fn quoted_words_survive_a_shell() {
        for word in ["", "a", "a b", "'", "$(x)`y`\\", "\n\t", "é", "!", "-n", "*?", "~"] {
            let script = format!("printf %s {}", quote(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            let expected = word.as_bytes();
            // `-n` alone is harmless to printf as its argument.
            assert_eq!(output.stdout, expected, "{word:?}");
        }
    }
}
