use super::*;

pub(crate) fn context() -> Context {
    Context {
        version: "v1.0".to_owned(),
        prefix: None,
        doc_url: String::new(),
        namespaces: Vec::new(),
        lists: ListStyle::Csv,
        prose: Prose::Skip,
    }
}
