//! Form bodies: URL-encoded, or multipart when a file is among the fields.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::encode::query_part;
use crate::pack::hash;
use crate::search::split_once;

/// The fields of a form, in the order they were given.
#[derive(Debug)]
pub(crate) struct Form {
    fields: Vec<(String, String, bool)>,
    /// Whether it is that without a file, too.
    is_multipart: bool,
}

impl Form {
    pub(crate) fn new(is_multipart: bool) -> Self {
        Self { fields: Vec::new(), is_multipart }
    }

    pub(crate) fn add(&mut self, name: &str, value: String, is_file: bool) {
        self.fields.push((name.into(), value, is_file));
    }

    /// Returns the media type and the body.
    pub(crate) fn finish(self) -> (Cow<'static, str>, String) {
        if self.is_multipart || self.fields.iter().any(|(.., is_file)| *is_file) {
            self.multipart()
        } else {
            let mut text = String::new();
            for (name, value, _) in &self.fields {
                if !text.is_empty() {
                    text.push('&');
                }
                query_part(name, &mut text);
                text.push('=');
                query_part(value, &mut text);
            }
            (Cow::Borrowed("application/x-www-form-urlencoded"), text)
        }
    }

    /// RFC 7578. A boundary that a value holds is followed by one made of all of them, so that the
    /// same fields always give the same body, and nobody can tell it beforehand.
    fn multipart(&self) -> (Cow<'static, str>, String) {
        let mut boundary = String::from("contajners");
        let mut sum = 0;
        while self.fields.iter().any(|(_, value, _)| split_once(value, &boundary).is_some()) {
            for (_, value, _) in &self.fields {
                sum = hash(value.as_bytes(), sum);
            }
            boundary = format!("contajners-{sum:x}");
        }
        let mut text = String::new();
        for (name, value, is_file) in &self.fields {
            let mut quoted = String::new();
            for c in name.chars() {
                match c {
                    '"' => quoted.push_str("%22"),
                    '\r' => quoted.push_str("%0D"),
                    '\n' => quoted.push_str("%0A"),
                    c => quoted.push(c),
                }
            }
            let file = if *is_file {
                format!("; filename=\"{quoted}\"\r\nContent-Type: application/octet-stream")
            } else {
                String::new()
            };
            text.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{quoted}\"{file}\r\n\r\n{value}\r\n"
            ));
        }
        text.push_str(&format!("--{boundary}--\r\n"));
        (Cow::Owned(format!("multipart/form-data; boundary={boundary}")), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_fields_are_url_encoded() {
        let mut form = Form::new(false);
        form.add("a b", "1&2".into(), false);
        form.add("c", String::new(), false);
        assert_eq!(
            form.finish(),
            ("application/x-www-form-urlencoded".into(), "a%20b=1%262&c=".into())
        );
    }

    #[test]
    fn a_form_can_be_multipart_without_a_file() {
        let mut form = Form::new(true);
        form.add("a", "1".into(), false);
        let (media_type, body) = form.finish();
        assert_eq!(media_type, "multipart/form-data; boundary=contajners");
        assert!(body.contains("name=\"a\"\r\n\r\n1\r\n"), "{body}");
    }

    /// Whatever it holds, it takes as long as its length, and the boundary stays short (RFC 2046,
    /// section 5.1.1, has 70 characters).
    #[test]
    fn no_value_makes_the_boundary_long() {
        let mut boundary = String::from("contajners");
        for _ in 0..20_000 {
            boundary.push_str(&format!("-{:x}", boundary.len() + 1));
        }
        let mut form = Form::new(true);
        form.add("a", boundary.clone(), false);
        form.add("b", boundary, false);
        let (media_type, body) = form.finish();
        let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(boundary.len() <= 70, "{boundary}");
        assert_eq!(body.matches(boundary).count(), 3);
    }

    #[test]
    fn a_file_makes_it_multipart_and_cannot_end_its_part() {
        let mut form = Form::new(false);
        form.add("f\"\n", "x\r\n--contajners--".into(), true);
        let (media_type, body) = form.finish();
        assert_eq!(media_type, "multipart/form-data; boundary=contajners-83c93c372710710c");
        assert_eq!(body.matches("\r\n--contajners-83c93c372710710c").count(), 1);
        assert!(body.contains("name=\"f%22%0A\"; filename="));
    }
}
