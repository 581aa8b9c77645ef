//! Sizes as people type them.

/// A number of bytes, plain or with K, M, G or T (powers of 1024).
pub fn parse(text: &str) -> Result<u64, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse("64M"), Ok(64 << 20));
        assert_eq!(parse("1024"), Ok(1024));
        assert_eq!(parse("2 gib"), Ok(2 << 30));
        assert!(parse("many").is_err() && parse("3X").is_err() && parse("99999999T").is_err());
    }
}
