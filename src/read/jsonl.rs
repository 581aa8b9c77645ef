//! One line of JSON to an id and a text.
//!
//! In: a line and the two field paths. Out: the fields' values, in a [`Record`]. Fields nested in
//! objects are named with dots. The rest of the object is passed over without
//! being built, so the cost is that of checking the syntax.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::field::{Entries, last_at};
use super::record::{Fields, Record, below};
use crate::error::{Error, ErrorKind};

impl Record {
    /// Fills the record from one line.
    ///
    /// # Errors
    /// [`ErrorKind::Json`], [`ErrorKind::MissingField`] or [`ErrorKind::FieldNotText`].
    pub fn parse_json(&mut self, line: &str, fields: &Fields) -> Result<(), Error> {
        self.clear();
        match line.trim_start().as_bytes().first() {
            Some(b'[') => return Err(Error::new(ErrorKind::NotAnObject("a list"))),
            Some(b'"') => return Err(Error::new(ErrorKind::NotAnObject("a string"))),
            _ => {}
        }
        let mut json = serde_json::Deserializer::from_str(line);
        let mut found = Found { text: TextFound::Nothing, is_id_rounded: false };
        let (id, text) = (Some(&*fields.id), Some(&*fields.text));
        json.deserialize_map(Level { record: self, found: &mut found, id, text })
            .and_then(|()| json.end())
            .map_err(|error| Error::new(ErrorKind::Json(without_place(&error))))?;
        let field = fields.text.clone();
        Err(match found.text {
            TextFound::Text => {
                if found.is_id_rounded
                    && let Some(id) = last_at(line, &fields.id)
                {
                    self.id = id.get().to_owned();
                }
                if !fields.extra.is_empty() {
                    self.find_extra(line, fields);
                }
                return Ok(());
            }
            TextFound::Other(found) => Error::new(ErrorKind::FieldNotText { field, found }),
            TextFound::Nothing => Error::missing_field(field, present(line, &fields.text).iter()),
        })
    }
}

impl Record {
    /// Reads the line once more for what is seldom asked for: strings as they are, numbers as they are written.
    fn find_extra(&mut self, line: &str, fields: &Fields) {
        self.extra.clear();
        self.extra.extend(fields.extra.iter().map(|field| {
            let value = last_at(line, field)?.get();
            match serde_json::from_str(value).ok()? {
                Value::String(text) => Some(text),
                Value::Number(_) => Some(value.to_owned()),
                _ => None,
            }
        }));
    }
}

/// The entries of an object, whatever their values are; none if it is no object.
fn entries(object: &str) -> Vec<(String, &RawValue)> {
    serde_json::from_str(object).map_or(Vec::new(), |Entries(entries)| entries)
}

/// The names of the fields where the way to one breaks off, nested ones with dots.
fn present(line: &str, field: &str) -> Vec<String> {
    let (mut found, mut rest) = (entries(line), field);
    let is_object = |value: &RawValue| value.get().starts_with('{');
    while let Some((inner, after)) = found.iter().rev().find_map(|&(ref key, value)| {
        Some((value, below(rest, key)?)).filter(|(value, _)| is_object(value))
    }) {
        (found, rest) = (entries(inner.get()), after);
    }
    let before = &field[..field.len() - rest.len()];
    let mut names: Vec<String> = found.iter().map(|(name, _)| format!("{before}{name}")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// serde_json ends its messages with a line and column that count from the record's own start.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = message[..end].replacen("EOF while parsing", "it ends inside", 1);
    format!("{message} at byte {} of the record", error.column())
}

/// What was found on the way.
struct Found {
    text: TextFound,
    /// Whether the id is a number that may have been rounded.
    is_id_rounded: bool,
}

/// What stands in the text field.
enum TextFound {
    Nothing,
    Text,
    Other(&'static str),
}

/// A value on the way to the fields: what is left of either path from here.
/// A path that is used up marks the value itself as the field.
struct Level<'r, 'f> {
    record: &'r mut Record,
    found: &'r mut Found,
    id: Option<&'f str>,
    text: Option<&'f str>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl Level<'_, '_> {
    fn is_text(&self) -> bool {
        self.text.is_some_and(str::is_empty)
    }

    fn is_id(&self) -> bool {
        self.id.is_some_and(str::is_empty)
    }

    fn no_string(&mut self, found: &'static str) {
        if self.is_text() {
            self.found.text = TextFound::Other(found);
        }
    }

    fn number(mut self, value: impl fmt::Display, is_rounded: bool) {
        self.no_string("a number");
        if self.is_id() {
            self.found.is_id_rounded = is_rounded;
            self.record.id = value.to_string();
            self.record.has_id = true;
        }
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.no_string("an object");
        let Level { record, found, id, text } = self;
        while let Some((id, text)) = map.next_key_seed(Step { id, text })? {
            if id.is_some() || text.is_some() {
                map.next_value_seed(Level { record, found, id, text })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.no_string("a list");
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        if self.is_text() {
            self.record.text.clear();
            self.record.text.push_str(value);
            self.found.text = TextFound::Text;
        }
        if self.is_id() {
            self.record.id.clear();
            self.record.id.push_str(value);
            self.record.has_id = true;
            self.found.is_id_rounded = false;
        }
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value, false);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value, false);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(value, true);
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.no_string("a truth value");
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.no_string("null");
        Ok(())
    }
}

/// Reads a key as a step down either path, without copying it.
struct Step<'f> {
    id: Option<&'f str>,
    text: Option<&'f str>,
}

impl<'de, 'f> DeserializeSeed<'de> for Step<'f> {
    type Value = (Option<&'f str>, Option<&'f str>);

    fn deserialize<D: serde::Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'f> Visitor<'_> for Step<'f> {
    type Value = (Option<&'f str>, Option<&'f str>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let down = |field: Option<&'f str>| field.and_then(|field| below(field, key));
        Ok((down(self.id), down(self.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Option<String>, String), String> {
        let mut record = Record::default();
        record
            .parse_json(line, &Fields::new("meta.id", "body", &[]))
            .map_err(|error| error.to_string())?;
        Ok((record.has_id.then_some(record.id), record.text))
    }

    #[test]
    fn fields_are_found_nested_escaped_and_in_any_order() {
        for (line, id, text) in [
            (r#"{"body": "a\nb", "meta": {"x": [1, {}], "id": "k"}}"#, Some("k"), "a\nb"),
            (r#"{"meta": {"id": 7}, "body": "caf\u00e9", "more": null}"#, Some("7"), "caf\u{e9}"),
            (r#"{"id": "top", "body": ""}"#, None, ""),
            (
                r#"{"meta": {"id": 98765432109876543210}, "body": ""}"#,
                Some("98765432109876543210"),
                "",
            ),
            (r#"{"meta.id": 1.50, "body": "a"}"#, Some("1.50"), "a"),
            (r#"{"meta": {"id": 1.50, "id": "x"}, "body": "a"}"#, Some("x"), "a"),
            (r#"{"body": "first", "body": "last", "meta": {"id": null}}"#, None, "last"),
        ] {
            assert_eq!(parse(line).unwrap(), (id.map(str::to_owned), text.to_owned()), "{line}");
        }
    }

    #[test]
    fn further_fields_are_found_whatever_else_there_is() {
        let extra = ["meta.date".to_owned(), "n".to_owned(), "none".to_owned()];
        for other in [r#""\ud83d""#, "1e999", "[[[]]]"] {
            let line = format!(
                r#"{{"body": "", "other": {other}, "n": 1.50, "meta": {{"date": "a\u0062"}}, "none": null}}"#
            );
            let mut record = Record::default();
            record.parse_json(&line, &Fields::new("id", "body", &extra)).unwrap();
            let expected = [Some("ab"), Some("1.50"), None].map(|it| it.map(str::to_owned));
            assert_eq!(record.extra, expected, "{line}");
        }
    }

    #[test]
    fn the_fields_where_a_path_breaks_off_are_named() {
        let mut record = Record::default();
        for (line, message) in [
            (r#"{"a": {"b": {"d": 1}}, "e": 2}"#, "no field `a.b.c` among `a.b.d`"),
            (r#"{"a": {"f": 1}, "e": 2}"#, "no field `a.b.c` among `a.f`"),
            (r#"{"e": 2}"#, "no field `a.b.c` among `e`"),
            (r#"{"a.b": {"x": 1}, "e": 2}"#, "no field `a.b.c` among `a.b.x`"),
        ] {
            let error = record.parse_json(line, &Fields::new("id", "a.b.c", &[])).unwrap_err();
            assert_eq!(error.to_string(), message, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, message) in [
            (r#"{}"#, "no field `body`"),
            (r#"{"text": "a", "id": 1}"#, "no field `body` among `id, text`"),
            (r#"{"body": ["a"]}"#, "field `body` is a list, not a string"),
            (r#"{"body": null}"#, "field `body` is null, not a string"),
            (r#"["a"]"#, "a list, not a JSON object"),
            (r#"{"body": "a"} x"#, "invalid JSON: trailing characters at byte 15 of the record"),
            (r#"{"body": "a"#, "invalid JSON: it ends inside a string at byte 11 of the record"),
        ] {
            assert_eq!(parse(line).unwrap_err(), message, "{line}");
        }
    }
}
