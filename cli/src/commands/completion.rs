//! `contajners completion SHELL`, and what its scripts ask for.

use std::io::Write as _;

use crate::args::Shell;
use crate::completion::{Candidate, Offer, offer};
use crate::failure::Failure;
use crate::output::Output;

const BASH: &str = r#"# Completion of contajners for bash; to be sourced.
_contajners() {
    # The second argument is what bash puts a candidate in the place of: the word after its last
    # break. What breaks a word is the user's to say (COMP_WORDBREAKS, shopt hostcomplete), and
    # where `@` does, it is put in again.
    local line=${COMP_LINE:0:COMP_POINT} typed=$2 text self=${COMP_WORDS[0]}
    [[ $self == '~/'* ]] && self=$HOME/${self:2}
    COMPREPLY=()
    while IFS= read -r text; do
        # A tab alone: no file fits, either.
        if [[ $text == $'\t' ]]; then
            compopt +o default 2>/dev/null
        else
            COMPREPLY+=("$text")
        fi
    done < <("$self" __complete bash -- "$line" "$typed" 2>/dev/null)
    # The file of `-d @file` and `key:=@file`; by itself bash would complete the names of hosts.
    if [[ ${#COMPREPLY[@]} == 0 && $typed == @* && $line == *[[:space:]=]"$typed" ]]; then
        while IFS= read -r text; do
            [[ -d $text ]] && text+=/
            printf -v text %q "$text"
            COMPREPLY+=("@$text")
        done < <(compgen -f -- "${typed#@}")
    fi
    # What goes on after it gets no space.
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=.@/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _contajners contajners
"#;

const ZSH: &str = r#"#compdef contajners
# Completion of contajners for zsh; to be sourced, or put into a folder of $fpath as _contajners.
_contajners() {
    local text about no_file self=${words[1]}
    [[ $self == '~/'* ]] && self=$HOME/${self[3,-1]}
    local -a closed open closed_about open_about
    while IFS=$'\t' read -r text about; do
        # A line without a word: no file fits, either.
        if [[ -z $text ]]; then
            no_file=1
        elif [[ $text == *[=.] ]]; then
            open+=("$text"); open_about+=("$text  $about")
        else
            closed+=("$text"); closed_about+=("$text  $about")
        fi
    done < <("$self" __complete zsh -- "${(@)words[1,CURRENT]}" 2>/dev/null)
    if (( $#open + $#closed == 0 )); then
        [[ -n $no_file ]] && return 1
        # What stands before a file, as in `--pack=file`, `-d @file`, `--data=@file` and `key:=@file`.
        [[ $PREFIX == --*=* || $PREFIX == *:=@* ]] && compset -P 1 '*='
        compset -P @
        _files
        return
    fi
    (( $#open )) && compadd -l -S '' -d open_about -a open
    (( $#closed )) && compadd -l -d closed_about -a closed
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _contajners "$@"
else
    compdef _contajners contajners
fi
"#;

const FISH: &str = r#"# Completion of contajners for fish; to be sourced.
function __contajners_offer
    contajners __complete fish -- (commandline -opc) (commandline -ct) 2>/dev/null
    # The file of `-d @file`, `--data=@file` and `key:=@file`.
    if set -l parts (string match -r -- '^(--data=@|@|[^=]+:=@)(.*)$' (commandline -ct))
        for file in $parts[3]*
            test -d $file; and set file $file/
            echo $parts[2]$file
        end
    end
end
complete -c contajners -e
complete -c contajners -f -k -a '(__contajners_offer)'
for option in context pack tls-ca tls-cert tls-key tls-key-password unpack
    complete -c contajners -l $option -r -F
end
complete -c contajners -n '__fish_seen_subcommand_from man' -F
"#;

/// Prints the script for a shell.
pub(crate) fn run(shell: Shell, output: &mut Output) -> Result<(), Failure> {
    let script = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    };
    Ok(write!(output, "{script}")?)
}

/// Prints what the last word may become, a line each.
pub(crate) fn complete(shell: Shell, words: &[String], output: &mut Output) -> Result<(), Failure> {
    if shell == Shell::Bash {
        // One line, which is split here: bash splits at more than spaces.
        let line = words.first().map_or("", |line| line);
        let (before, current) = split(line);
        // The end of the word that bash replaces, which knows where it breaks words.
        let replaced = words.get(1).map_or(current.clone(), |text| split(text).1);
        let cut = current.strip_suffix(&*replaced).map_or(0, str::len);
        let offer = offer(&before, &current);
        for candidate in offer.candidates.iter().filter(|own| is_harmless(&own.text)) {
            writeln!(output, "{}", candidate.text.get(cut..).unwrap_or_default())?;
        }
        return no_file(&offer, output);
    }
    let (current, before) = words.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
    let before = before.get(1..).unwrap_or_default();
    let offer = offer(before, current);
    for Candidate { text, about, .. } in &offer.candidates {
        let about = about.lines().next().unwrap_or_default();
        writeln!(output, "{text}\t{about}")?;
    }
    match shell {
        Shell::Zsh => no_file(&offer, output),
        // It offers files only where it is told to.
        Shell::Fish | Shell::Bash => Ok(()),
    }
}

/// Tells whether a word means itself to a shell: bash puts it into the line without quotes, and a pack
/// may come from a stranger.
fn is_harmless(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/@=+,%".contains(c))
}

/// Says that no file fits, either, by a line without a word.
fn no_file(offer: &Offer, output: &mut Output) -> Result<(), Failure> {
    match offer.may_be_file {
        true => Ok(()),
        false => Ok(writeln!(output, "\t")?),
    }
}

/// Splits a command line at its spaces, without the program; the last word is the one being
/// typed. Quotes keep words together, and are left away.
fn split(line: &str) -> (Vec<String>, String) {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for c in line.chars() {
        match (c, quote) {
            ('\\', None | Some('"')) if !escaped => {
                escaped = true;
                continue;
            }
            (c, Some(open)) if c == open && !escaped => quote = None,
            ('\'' | '"', None) if !escaped => quote = Some(c),
            (' ' | '\t', None) if !escaped => {
                if words.last().is_some_and(|word| !word.is_empty()) {
                    words.push(String::new());
                }
            }
            (c, _) => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
        escaped = false;
    }
    let current = words.pop().unwrap_or_default();
    if words.is_empty() {
        // The program's own name is being typed.
        return (words, current);
    }
    (words.split_off(1), current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let check = |line: &str, before: &[&str], current: &str| {
            let (found, last) = split(line);
            assert_eq!(
                (found.iter().map(|word| &**word).collect::<Vec<_>>(), &*last),
                (before.into(), current)
            );
        };
        check("contajners ", &[], "");
        check("contajners inv", &[], "inv");
        check("contajners  invoke docker 'a b'  c=\"d e", &["invoke", "docker", "a b"], "c=d e");
        check("contajners ops docker ", &["ops", "docker"], "");
        check("conta", &[], "conta");
    }
}
