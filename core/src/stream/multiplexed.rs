use super::{DecodeError, DecodeErrorKind};

/// Length of a frame's header: channel, three zeros, length in big-endian order.
const HEADER_LEN: usize = 8;
/// Frames longer than this are taken for damage. Docker sends up to 32 KiB, Podman up to 8 KiB.
const FRAME_LIMIT: u32 = 16 << 20;

/// The channel that output came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Output {
    /// What went in, echoed.
    Stdin,
    /// Standard output; all output of a process with a terminal.
    Stdout,
    /// Standard error.
    Stderr,
    /// The engine's own words about why the stream fails.
    EngineError,
}

/// A piece of output: a frame, or as much of one as has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chunk<'b> {
    /// The channel.
    pub output: Output,
    /// The bytes, never empty.
    pub bytes: &'b [u8],
}

/// Takes a multiplexed stream of stdout and stderr apart.
///
/// ```
/// use contajners_core::stream::{Demultiplexer, Output};
///
/// let mut demultiplexer = Demultiplexer::framed();
/// let mut input: &[u8] = b"\x02\0\0\0\0\0\0\x03oh!";
/// let chunk = demultiplexer.decode(&mut input)?.unwrap();
/// assert_eq!((chunk.output, chunk.bytes), (Output::Stderr, &b"oh!"[..]));
/// assert_eq!(demultiplexer.decode(&mut input)?, None);
/// assert_eq!(demultiplexer.finish()?, None);
/// # Ok::<(), contajners_core::stream::DecodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Demultiplexer {
    mode: Mode,
    header: [u8; HEADER_LEN],
    /// Bytes of the header that have arrived.
    have: usize,
    output: Output,
    /// Bytes of the frame still to come.
    left: u32,
    /// Bytes of the stream taken so far.
    offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Framed,
    Raw,
    /// Not known until the first four bytes are there.
    Detecting,
}

impl Demultiplexer {
    /// Decodes frames.
    pub fn framed() -> Self {
        Self::new(Mode::Framed)
    }

    /// Passes everything on as stdout: the output of a process with a terminal.
    pub fn raw() -> Self {
        Self::new(Mode::Raw)
    }

    /// Finds out from the first bytes whether there are frames. A frame begins with a channel
    /// below four and three zero bytes, which is not what programs print.
    pub fn detecting() -> Self {
        Self::new(Mode::Detecting)
    }

    fn new(mode: Mode) -> Self {
        Self { mode, header: [0; HEADER_LEN], have: 0, output: Output::Stdout, left: 0, offset: 0 }
    }

    /// Takes from the input and returns the next piece of output; `None` when all input is used.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::FrameHeader`] and [`DecodeErrorKind::FrameTooLong`], with the offset
    /// of the frame. What was handed out before is sound.
    pub fn decode<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Chunk<'s>>, DecodeError> {
        if self.mode == Mode::Detecting {
            while self.have < 4 && self.mode == Mode::Detecting && !input.is_empty() {
                self.take_header_byte(input);
                let looks_framed = match self.have {
                    1 => self.header[0] < 4,
                    have => self.header[have - 1] == 0,
                };
                if !looks_framed {
                    self.mode = Mode::Raw;
                    let bytes = &self.header[..core::mem::take(&mut self.have)];
                    return Ok(Some(Chunk { output: Output::Stdout, bytes }));
                }
            }
            if self.have < 4 {
                return Ok(None);
            }
            self.mode = Mode::Framed;
        }
        if self.mode == Mode::Raw {
            // What is left is the end of what came, not just any empty slice: so a caller sees that
            // the piece is a part of its own, and need not copy it.
            let (bytes, rest) = input.split_at(input.len());
            *input = rest;
            self.offset += bytes.len() as u64;
            let chunk = Chunk { output: Output::Stdout, bytes };
            return Ok((!bytes.is_empty()).then_some(chunk));
        }
        // Empty frames are stepped over.
        while self.left == 0 {
            if self.have == 0
                && let Some((header, rest)) = input.split_first_chunk::<HEADER_LEN>()
            {
                self.header = *header;
                self.have = HEADER_LEN;
                self.offset += HEADER_LEN as u64;
                *input = rest;
            }
            while self.have < HEADER_LEN {
                if input.is_empty() {
                    return Ok(None);
                }
                self.take_header_byte(input);
            }
            self.begin_frame()?;
        }
        let take = input.len().min(self.left as usize);
        if take == 0 {
            return Ok(None);
        }
        let (bytes, rest) = input.split_at(take);
        *input = rest;
        self.left -= take as u32;
        self.offset += take as u64;
        Ok(Some(Chunk { output: self.output, bytes }))
    }

    /// Tells whether all of the last frame has been handed out; of raw output each piece is a whole.
    pub fn is_between_frames(&self) -> bool {
        self.left == 0
    }

    /// Tells that the stream has ended and returns what was held back: up to three bytes that
    /// looked like the beginning of a frame and turn out to be raw output.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::Cut`] when the end is inside a frame.
    pub fn finish(&mut self) -> Result<Option<Chunk<'_>>, DecodeError> {
        let have = core::mem::take(&mut self.have);
        match self.mode {
            Mode::Detecting if have > 0 => {
                self.mode = Mode::Raw;
                Ok(Some(Chunk { output: Output::Stdout, bytes: &self.header[..have] }))
            }
            Mode::Framed if have > 0 || self.left > 0 => {
                Err(DecodeError::new(DecodeErrorKind::Cut, self.offset))
            }
            _ => Ok(None),
        }
    }

    fn take_header_byte(&mut self, input: &mut &[u8]) {
        if let Some((&byte, rest)) = input.split_first() {
            self.header[self.have] = byte;
            self.have += 1;
            self.offset += 1;
            *input = rest;
        }
    }

    fn begin_frame(&mut self) -> Result<(), DecodeError> {
        let [channel, zeros @ .., a, b, c, d] = self.header;
        let at = self.offset - HEADER_LEN as u64;
        self.output = match channel {
            0 => Output::Stdin,
            1 => Output::Stdout,
            2 => Output::Stderr,
            3 => Output::EngineError,
            _ => return Err(DecodeError::new(DecodeErrorKind::FrameHeader, at)),
        };
        if zeros != [0; 3] {
            return Err(DecodeError::new(DecodeErrorKind::FrameHeader, at));
        }
        let length = u32::from_be_bytes([a, b, c, d]);
        if length > FRAME_LIMIT {
            return Err(DecodeError::new(DecodeErrorKind::FrameTooLong, at));
        }
        self.left = length;
        self.have = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn frame(channel: u8, bytes: &[u8]) -> Vec<u8> {
        let mut frame = alloc::vec![channel, 0, 0, 0];
        frame.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        frame.extend_from_slice(bytes);
        frame
    }

    type Pieces = Vec<(Output, Vec<u8>)>;

    /// Everything that comes out, neighbouring pieces of one channel joined, and how it ends.
    fn decode(
        mut demultiplexer: Demultiplexer,
        pieces: &[&[u8]],
    ) -> (Pieces, Result<(), DecodeError>) {
        let mut out = Pieces::new();
        for piece in pieces {
            let mut input = *piece;
            loop {
                match demultiplexer.decode(&mut input) {
                    Ok(Some(chunk)) => match out.last_mut() {
                        Some((output, bytes)) if *output == chunk.output => {
                            bytes.extend_from_slice(chunk.bytes);
                        }
                        _ => out.push((chunk.output, chunk.bytes.to_vec())),
                    },
                    Ok(None) => break,
                    Err(error) => return (out, Err(error)),
                }
            }
            assert!(input.is_empty());
        }
        let end = demultiplexer.finish().map(|held_back| {
            out.extend(held_back.map(|chunk| (chunk.output, chunk.bytes.to_vec())));
        });
        (out, end)
    }

    #[test]
    fn names_the_place_of_damage() {
        let mut bytes = frame(1, b"fine");
        bytes.extend_from_slice(&[9, 0, 0, 0, 0, 0, 0, 1, b'x']);
        let (out, end) = decode(Demultiplexer::framed(), &[&bytes]);
        assert_eq!(out, [(Output::Stdout, b"fine".to_vec())]);
        assert_eq!(end, Err(DecodeError::new(DecodeErrorKind::FrameHeader, 12)));

        let (_, end) = decode(Demultiplexer::framed(), &[&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]]);
        assert_eq!(end, Err(DecodeError::new(DecodeErrorKind::FrameTooLong, 0)));

        let (_, end) = decode(Demultiplexer::framed(), &[&frame(1, b"cut")[..9]]);
        assert_eq!(end, Err(DecodeError::new(DecodeErrorKind::Cut, 9)));
    }

    #[test]
    fn tells_raw_output_from_frames() {
        let check = |bytes: &[u8], expected: &[u8]| {
            let (out, end) = decode(Demultiplexer::detecting(), &[bytes]);
            assert_eq!(out, [(Output::Stdout, expected.to_vec())]);
            assert_eq!(end, Ok(()));
        };
        check(b"plain", b"plain");
        check(b"\x01\x00x", b"\x01\x00x");
        check(b"\x01\x00", b"\x01\x00");
        check(&frame(1, b"framed"), b"framed");
        assert_eq!(decode(Demultiplexer::detecting(), &[]), (Vec::new(), Ok(())));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_output(
            frames in prop::collection::vec((0u8..4, prop::collection::vec(any::<u8>(), 0..40)), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let whole: Vec<u8> = frames.iter().flat_map(|(c, bytes)| frame(*c, bytes)).collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&whole[from..cut]);
                from = cut;
            }
            pieces.push(&whole[from..]);
            let expected = decode(Demultiplexer::framed(), &[&whole]);
            prop_assert_eq!(&decode(Demultiplexer::framed(), &pieces), &expected);
            prop_assert_eq!(&decode(Demultiplexer::detecting(), &pieces), &expected);
        }

        #[test]
        fn any_bytes_end_defined(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(Demultiplexer::framed(), &[&bytes]);
            let (out, end) = decode(Demultiplexer::detecting(), &[&bytes]);
            prop_assert!(end.is_err() || out.iter().map(|(_, b)| b.len()).sum::<usize>() <= bytes.len());
        }
    }
}
