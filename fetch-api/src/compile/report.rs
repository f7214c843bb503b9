//! What became of an engine and its versions.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use contajners_core::PackError;

use super::{Differences, FetchError, PackFileError};
use crate::annotations::{AnnotationsError, Unmatched};
use crate::lift::LiftError;
use crate::lower::LowerError;
use crate::spec::{SpecError, SpecFault};

/// What became of an engine.
#[derive(Debug)]
pub struct EngineReport {
    /// The engine.
    pub engine: String,
    /// Versions that were compiled in this run.
    pub compiled: Vec<String>,
    /// Versions that failed, and why.
    pub failed: Vec<(String, Failure)>,
    /// Versions taken from the pack that was there.
    pub kept: Vec<String>,
    /// Versions that were in the pack and are no longer in the map; gone once it is written.
    pub dropped: Vec<String>,
    /// What was decided, or passed over when told to keep going, in the specs of versions.
    pub notes: Vec<Notes>,
    /// Anything else worth a line.
    pub notices: Vec<String>,
    /// What became of the pack.
    pub result: Result<Change, CompileError>,
}

impl EngineReport {
    pub(super) fn new(engine: &str) -> Self {
        Self {
            engine: engine.to_owned(),
            compiled: Vec::new(),
            failed: Vec::new(),
            kept: Vec::new(),
            dropped: Vec::new(),
            notes: Vec::new(),
            notices: Vec::new(),
            result: Ok(Change::None),
        }
    }

    /// Tells whether the run did all it was asked for, and found the pack as it should be.
    pub fn is_good(&self) -> bool {
        self.failed.is_empty() && !matches!(self.result, Err(_) | Ok(Change::Differs { .. }))
    }
}

/// What is to be told of the spec of a version that was compiled.
#[derive(Debug)]
pub struct Notes {
    /// The version.
    pub version: String,
    /// The file or the address of the spec.
    pub origin: String,
    /// What was decided, or passed over.
    pub faults: Vec<SpecFault>,
    /// The operations that were left out, by method and path.
    pub left_out: Vec<String>,
}

/// What became of a pack.
#[derive(Debug)]
pub enum Change {
    /// It is what the sources compile to.
    None,
    /// It was written.
    Written {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: usize,
    },
    /// It is not what the sources compile to.
    Differs {
        /// The file.
        file: PathBuf,
        /// What is different.
        differences: Differences,
    },
}

/// Why a version could not be compiled.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Its spec did not come.
    Fetch(FetchError),
    /// Its spec cannot be read.
    Spec {
        /// The file or the address it came from.
        origin: String,
        /// What is wrong, and where.
        source: SpecError,
    },
}

impl Failure {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Fetch(error) => error.code(),
            Failure::Spec { source, .. } => source.code(),
        }
    }

    /// What to do about it, where that is not plain.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Failure::Fetch(error) => error.hint(),
            Failure::Spec { source: SpecError::Faults(_), .. } => {
                Some("`--keep-going` compiles what is sound")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Fetch(error) => error.fmt(f),
            Failure::Spec { origin, .. } => write!(f, "cannot read {origin}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Failure::Fetch(error) => error.source(),
            Failure::Spec { source, .. } => Some(source),
        }
    }
}

/// Why a pack could not be made or written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CompileError {
    /// The annotations file cannot be read.
    UnreadableAnnotations {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// The annotations are wrong.
    Annotations {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: Arc<AnnotationsError>,
    },
    /// Some annotations match nothing.
    UnmatchedAnnotations {
        /// The file.
        file: PathBuf,
        /// Which.
        unmatched: Vec<Unmatched>,
    },
    /// The pack's file cannot be read or written.
    PackFile(PackFileError),
    /// The pack that is there is needed for its versions, and cannot be read.
    OldPack {
        /// The file.
        file: PathBuf,
        /// Why.
        source: PackError,
    },
    /// The pack that is there was made to unfold without end.
    Lift {
        /// The file.
        file: PathBuf,
        /// Where it goes too far.
        source: LiftError,
    },
    /// The pack that is there is another engine's.
    OtherEngine {
        /// The file.
        file: PathBuf,
        /// Whose it is.
        found: String,
    },
    /// The pack that was compiled is none that can be used.
    Unusable {
        /// The file that it would be.
        file: PathBuf,
        /// Why.
        source: PackError,
    },
    /// No version could be compiled, and there is no pack to take one from.
    NothingToWrite,
    /// The models do not go together.
    Lower(LowerError),
}

impl CompileError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            CompileError::UnreadableAnnotations { .. } => "annotations-unreadable",
            CompileError::Annotations { source, .. } => source.code(),
            CompileError::UnmatchedAnnotations { .. } => "annotations-unmatched",
            CompileError::PackFile(error) => error.code(),
            CompileError::OldPack { source, .. } | CompileError::Unusable { source, .. } => {
                source.code()
            }
            CompileError::Lift { source, .. } => source.code(),
            CompileError::OtherEngine { .. } => "pack-of-other-engine",
            CompileError::NothingToWrite => "nothing-to-write",
            CompileError::Lower(_) => "models-clash",
        }
    }

    /// What to do about it, where that is not plain.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            CompileError::UnmatchedAnnotations { .. } => {
                Some("correct the names, or remove the rules if the specs were mended")
            }
            CompileError::OldPack { .. } | CompileError::Lift { .. } => {
                Some("restore the file, or compile all versions of the engine at once")
            }
            CompileError::Unusable { .. } => {
                Some("that is a mistake of this command: please report it, with the specs")
            }
            CompileError::OtherEngine { .. } => Some("remove the file, or name another `--out`"),
            CompileError::Lower(LowerError::Control { .. }) => {
                Some("correct it in the map of sources or in the rules")
            }
            CompileError::PackFile(error) => error.hint(),
            _ => None,
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::UnreadableAnnotations { file, .. } => {
                write!(f, "cannot read the annotations {}", file.display())
            }
            CompileError::Annotations { file, source } => {
                write!(f, "{}: {source}", file.display())
            }
            CompileError::UnmatchedAnnotations { file, unmatched } => {
                write!(f, "{}", file.display())?;
                for (index, unmatched) in unmatched.iter().enumerate() {
                    write!(f, "{} {unmatched}", if index == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
            CompileError::PackFile(error) => error.fmt(f),
            CompileError::OldPack { file, .. } => {
                write!(
                    f,
                    "{} holds versions that were not compiled, but cannot be read",
                    file.display()
                )
            }
            CompileError::Unusable { file, .. } => {
                write!(f, "what was compiled for {} is not a usable pack", file.display())
            }
            CompileError::Lift { file, .. } => {
                write!(f, "{} was not made by this command", file.display())
            }
            CompileError::OtherEngine { file, found } => {
                write!(f, "{} is the pack of `{found}`", file.display())
            }
            CompileError::NothingToWrite => {
                f.write_str("no version could be compiled, and there is no pack to take one from")
            }
            CompileError::Lower(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CompileError::UnreadableAnnotations { source, .. } => Some(&**source),
            CompileError::PackFile(error) => error.source(),
            CompileError::OldPack { source, .. } | CompileError::Unusable { source, .. } => {
                Some(source)
            }
            CompileError::Lift { source, .. } => Some(source),
            _ => None,
        }
    }
}
