//! Values as people type them: sizes, shares, numbers and names.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};

use dittograph::error::Error;

/// A number of bytes, plain or with K, M, G or T (powers of 1024).
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => {
            return Err("a size is a whole number of bytes, or one with K, M, G or T, such as 64M"
                .to_owned());
        }
    };
    let number: u64 = number.parse().map_err(|_| "a size starts with a whole number".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than can be counted".to_owned())
}

/// A share as a number between 0 and 1; how small it may be, the library knows.
pub fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "a share is a number from 0 to 1, such as 0.8".to_owned())
}

/// A parser of whole numbers in a range.
pub fn whole(least: u32, most: u32) -> impl TypedValueParser<Value = u32> {
    move |text: &str| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| match most {
            u32::MAX => format!("it must be a whole number from {least} up"),
            _ => format!("it must be a whole number from {least} to {most}"),
        })
    }
}

/// A parser of folders that there are: told before the work, not when memory is full.
pub fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.is_dir() {
        true => Ok(path),
        false => Err("there is no such folder"),
    })
}

/// A parser of values with names, which clap lists and suggests.
pub fn named<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = Error> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("64M"), Ok(64 << 20));
        assert_eq!(size("1024"), Ok(1024));
        assert_eq!(size("2 gib"), Ok(2 << 30));
        assert!(size("many").is_err() && size("3X").is_err() && size("99999999T").is_err());
    }
}
