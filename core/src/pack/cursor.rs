//! Reads postcard values one after another from borrowed bytes.

/// A place in a record.
///
/// Reading past the end, or a value that is not postcard, yields zeroes and marks the cursor
/// as failed: accessors stay total, and [`super::Pack::verify`] asks for the mark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest, failed: false }
    }

    /// A cursor that has nothing to say and is failed from the start.
    pub(crate) fn nowhere() -> Self {
        Self { rest: &[], failed: true }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn u8(&mut self) -> u8 {
        if let Some((&first, rest)) = self.rest.split_first() {
            self.rest = rest;
            first
        } else {
            self.fail();
            0
        }
    }

    pub(crate) fn u32(&mut self) -> u32 {
        // Most numbers in a pack are below 128, where the varint is the byte itself.
        if let Some((&first, rest)) = self.rest.split_first()
            && first < 0x80
        {
            self.rest = rest;
            return u32::from(first);
        }
        self.long_u32()
    }

    /// Seven bits a byte, the low ones first; the highest bit says that more follow.
    #[inline(never)]
    fn long_u32(&mut self) -> u32 {
        let (mut value, mut shift) = (0, 0);
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            value |= u32::from(byte & 0x7f) << shift;
            // Of the fifth byte only four bits have a place.
            if shift == 28 && byte > 0x0f {
                break;
            }
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
        self.fail();
        0
    }

    /// A number of things that follow, each at least one byte long.
    ///
    /// Bounded by what is left, so a lying count cannot make anyone loop or allocate much.
    pub(crate) fn count(&mut self) -> u32 {
        let count = self.u32();
        if count as usize > self.rest.len() {
            self.fail();
            return 0;
        }
        count
    }

    /// The bytes of a length-prefixed record.
    pub(crate) fn record(&mut self) -> Option<&'a [u8]> {
        let len = self.u32() as usize;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        (!self.failed).then_some(bytes)
    }

    /// Steps over so many length-prefixed records.
    pub(crate) fn skip_records(&mut self, mut count: u32) {
        // Reaching a record is mostly this, and most are shorter than 128 bytes.
        let mut at = 0;
        while count > 0
            && let Some(&first) = self.rest.get(at)
            && first < 0x80
        {
            at += 1 + usize::from(first);
            count -= 1;
        }
        match self.rest.get(at..) {
            Some(rest) => self.rest = rest,
            None => self.fail(),
        }
        (0..count).for_each(|_| self.skip_record());
    }

    fn skip_record(&mut self) {
        let len = self.u32() as usize;
        match self.rest.get(len..) {
            Some(rest) => self.rest = rest,
            None => self.fail(),
        }
    }

    fn fail(&mut self) {
        self.rest = &[];
        self.failed = true;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_postcard(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..=0xff_u8], 0..8)) {
            let mut cursor = Cursor::new(&bytes);
            let read = cursor.u32();
            let (expected, left) = postcard::take_from_bytes::<u32>(&bytes).unwrap_or_default();
            prop_assert_eq!((read, cursor.left()), (expected, left.len()));
            prop_assert_eq!(cursor.failed(), postcard::take_from_bytes::<u32>(&bytes).is_err());
        }
    }

    #[test]
    fn reads_what_postcard_writes_and_fails_softly_after_the_end() {
        let numbers = [0, 127, 128, 300, u32::MAX];
        let mut bytes = Vec::new();
        for number in numbers {
            bytes = postcard::to_extend(&number, bytes).expect("a vector grows");
        }
        bytes = postcard::to_extend("ab", bytes).expect("a vector grows");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(numbers.map(|_| cursor.u32()), numbers);
        assert_eq!(cursor.record(), Some("ab".as_bytes()));
        assert!(!cursor.failed());
        let mut behind = Cursor::new(&[1, b'a', 0x81, 0]);
        behind.skip_records(1);
        assert_eq!((behind.left(), behind.failed()), (2, false));
        behind.skip_records(1);
        assert!(behind.failed());
        assert_eq!((cursor.u32(), cursor.failed()), (0, true));
        assert_eq!((cursor.record(), cursor.count()), (None, 0));
    }
}
