//! The terminal of standard input: raw mode, in which keys go to the process as they are, ^C among
//! them, and passwords, which are not shown.

use std::io::{self, IsTerminal as _, Write as _, stderr};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// How the terminal was, while it is another way.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal is another way for as long as this lives.
#[derive(Debug)]
#[must_use = "the terminal is restored when it is dropped"]
pub(crate) struct Changed(());

impl Drop for Changed {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal into raw mode.
pub(crate) fn raw_mode() -> io::Result<Changed> {
    change(Termios::make_raw)
}

/// Tells whether somebody is there whom another program may ask, whatever our own input is.
pub(crate) fn may_ask() -> bool {
    io::stdin().is_terminal() || stderr().is_terminal()
}

/// Asks for a password; `None` when there is no terminal to ask on.
pub(crate) fn password(prompt: &str) -> Option<io::Result<String>> {
    io::stdin().is_terminal().then(|| {
        let _silent = change(|terminal| terminal.local_modes.remove(LocalModes::ECHO))?;
        // Whoever cannot see the question may know it.
        let _ = stderr().write_all(prompt.as_bytes());
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        // The line's own end was not shown, either.
        let _ = stderr().write_all(b"\n");
        read.map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
    })
}

fn change(how: impl FnOnce(&mut Termios)) -> io::Result<Changed> {
    let before = tcgetattr(io::stdin())?;
    let mut changed = before.clone();
    how(&mut changed);
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
    tcsetattr(io::stdin(), OptionalActions::Now, &changed)?;
    Ok(Changed(()))
}

/// Tells whether the terminal is another way at present.
pub(crate) fn is_changed() -> bool {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Puts the terminal back as it was; also called when the program ends in the middle.
pub(crate) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // A terminal that has gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}
