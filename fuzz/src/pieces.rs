//! Cutting a stream into pieces.

/// Cuts bytes into pieces, as the seed has it: 0 gives one, others a mixture of short and long.
pub fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut state = u32::from(seed);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = if seed == 0 { rest.len() } else { next(&mut state) };
        let (piece, more) = rest.split_at(length.min(rest.len()));
        rest = more;
        Some(piece)
    })
}

/// A length from 1 on: mostly a few bytes, now and then up to 256.
fn next(state: &mut u32) -> usize {
    // Numerical Recipes' generator; its upper bits are the good ones.
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let bits = *state >> 16;
    1 + if bits & 7 == 0 { bits >> 8 } else { bits >> 3 & 15 } as usize
}
