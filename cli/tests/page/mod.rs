//! Pages of the documentation, taken apart into what can be run.

/// A block between fences: what follows the opening one, and the lines.
pub(crate) fn blocks(page: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => open = Some((info, Vec::new())),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some((info, mut lines))) => {
                lines.push(line);
                open = Some((info, lines));
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The commands of a block of `console`, after `$`, and what each says.
pub(crate) fn commands(lines: Vec<&'static str>) -> Vec<(&'static str, String)> {
    let mut lines = lines.into_iter().peekable();
    let mut commands = Vec::new();
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ").expect("a command first");
        let mut said = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            said += line;
            said.push('\n');
        }
        commands.push((command, said));
    }
    commands
}
