pub(crate) fn of(_: contajners_core::Pack<'_>) -> String {
    String::new()
}
