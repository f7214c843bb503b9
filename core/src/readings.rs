//! What a value reads as where a spec wants a boolean or a number: hosts and callers write them in
//! more ways than one.

use alloc::string::String;

use crate::value::{Value, View};

/// Returns the boolean that a value is sent as where a spec wants one; `None` for what is refused.
/// Callers write `true` and `false` in any case, 1 and 0, as numbers or as text.
///
/// ```
/// use contajners_core::{View, boolean};
///
/// assert_eq!(boolean(&View::Text("True".into())), Some(true));
/// assert_eq!(boolean(&View::Integer(0)), Some(false));
/// assert_eq!(boolean(&View::Text("yes".into())), None);
/// ```
pub fn boolean(view: &View<'_>) -> Option<bool> {
    match view {
        View::Boolean(value) => Some(*value),
        View::Integer(0) => Some(false),
        View::Integer(1) => Some(true),
        View::Text(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        View::Text(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        _ => None,
    }
}

/// The text of a number that is not whole, as its host writes it.
pub(crate) fn decimal(number: &dyn Value) -> String {
    let mut text = number.to_json();
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    text
}

/// Whether a text is a number that engines can read: digits with an optional fraction and an
/// optional power of ten, and not beyond what they can hold.
pub(crate) fn is_decimal(text: &str) -> bool {
    let unsigned = |text| str::strip_prefix(text, ['-', '+']).unwrap_or(text);
    let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = unsigned(number).split_once('.').unwrap_or((unsigned(number), ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // The largest number that engines can hold has 309 digits.
    let fits = |power: i32| (whole.len() as i32).saturating_add(power) <= 308;
    is_digits(whole)
        && is_digits(fraction)
        && whole.len() + fraction.len() > 0
        && is_digits(unsigned(power))
        && power.parse().is_ok_and(fits)
}

/// The whole number that a value stands for.
pub(crate) fn integer(view: &View<'_>) -> Option<i128> {
    match view {
        View::Integer(number) => Some(*number),
        // Hosts without integers have whole numbers of this kind.
        View::Number(number) if *number % 1.0 == 0.0 && number.abs() < 9e15 => {
            Some(i128::from(*number as i64))
        }
        View::Text(text) => whole(text.trim()),
        _ => None,
    }
}

/// Reads digits with or without a sign. By hand: the standard library's way for so large numbers
/// would be half a KiB of a page.
fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // As many nines are still held.
    if digits.is_empty() || digits.len() > 38 {
        return None;
    }
    let mut number = 0;
    for byte in digits.bytes() {
        number = number * 10 + i128::from(char::from(byte).to_digit(10)?);
    }
    Some(if text.starts_with('-') { -number } else { number })
}

/// A whole number in decimal. By hand for the same reason, twice as much of it.
pub(crate) fn decimal_of(number: i128) -> String {
    let left = number.unsigned_abs();
    let mut words = [96, 64, 32, 0].map(|shift| (left >> shift) as u32);
    let mut digits = [0; 40];
    let mut at = digits.len();
    while at == digits.len() || words != [0; 4] {
        // By long division, whose digits are the words.
        let mut rest = 0;
        for word in &mut words {
            let value = rest << 32 | u64::from(*word);
            *word = (value / 10) as u32;
            rest = value % 10;
        }
        at -= 1;
        digits[at] = b'0' + rest as u8;
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    digits[at..].iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn whole_numbers_are_as_large_as_any() {
        let read = |text: &str| integer(&View::Text(text.into()));
        for number in [0, 7, -7, i128::from(u64::MAX), i128::from(i64::MIN), 10_i128.pow(37)] {
            assert_eq!(read(&format!(" {number} ")), Some(number));
        }
        for number in [0, 9, -10, i128::MAX, i128::MIN, 10_i128.pow(38), i128::from(u32::MAX) + 1] {
            assert_eq!(decimal_of(number), format!("{number}"));
        }
        assert_eq!(read("+1"), Some(1));
        assert_eq!(read(&"9".repeat(38)), Some(10_i128.pow(38) - 1));
        for text in ["", "-", "+-1", "1.0", "1 0", "0x1", "\u{661}", &"9".repeat(39)] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_what_engines_can_read() {
        for text in ["0", "-1.5", "+2", ".5", "5.", "1e3", "1.25E-7", "9e307"] {
            assert!(is_decimal(text), "{text}");
        }
        for text in ["", "-", ".", "1e", "e3", "0x1", "inf", "NaN", "1e999", "1e9999999999", "1 "] {
            assert!(!is_decimal(text), "{text}");
        }
    }
}
