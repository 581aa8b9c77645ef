//! One line of JSON to an id and a text.
//!
//! In: the bytes of a line and the two field paths. Out: the fields' values,
//! copied into buffers that are used again for the next line. Fields nested in
//! objects are named with dots. The rest of the object is passed over without
//! being built, so the cost is that of checking the syntax.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// Which fields of a record are its id and its text.
#[derive(Clone, Debug)]
pub struct Fields {
    id: Vec<String>,
    text: Vec<String>,
    extra: Vec<Vec<String>>,
}

impl Fields {
    /// Fields by name, nested ones with dots.
    pub fn new(id: &str, text: &str, extra: &[String]) -> Self {
        let path = |name: &str| name.split('.').map(str::to_owned).collect();
        let extra = extra.iter().map(|name| path(name)).collect();
        Fields { id: path(id), text: path(text), extra }
    }

    /// The path to the text.
    pub fn text(&self) -> &[String] {
        &self.text
    }
}

/// A record's values; the buffers are kept from record to record.
#[derive(Debug, Default)]
pub struct Record {
    /// The text field.
    pub text: String,
    /// The id field, or empty.
    pub id: String,
    /// Whether there is an id.
    pub has_id: bool,
    /// The further fields that were asked for.
    pub extra: Vec<Option<String>>,
    /// What the text field held if it was no string.
    text_found: Option<&'static str>,
    has_text: bool,
}

impl Record {
    /// Fills the record from one line.
    ///
    /// # Errors
    /// [`ErrorKind::Json`], [`ErrorKind::MissingField`] or [`ErrorKind::FieldNotText`].
    pub fn parse(&mut self, line: &str, fields: &Fields) -> Result<(), Error> {
        self.text.clear();
        self.id.clear();
        (self.has_id, self.has_text, self.text_found) = (false, false, None);
        match line.trim_start().as_bytes().first() {
            Some(b'[') => return Err(Error::new(ErrorKind::NotAnObject("a list"))),
            Some(b'"') => return Err(Error::new(ErrorKind::NotAnObject("a string"))),
            _ => {}
        }
        let mut json = serde_json::Deserializer::from_str(line);
        let seed = Level { record: self, id: Some(&fields.id), text: Some(&fields.text) };
        json.deserialize_map(seed)
            .and_then(|()| json.end())
            .map_err(|error| Error::new(ErrorKind::Json(without_place(&error))))?;
        if self.has_text {
            if !fields.extra.is_empty() {
                self.find_extra(line, fields);
            }
            return Ok(());
        }
        let field = fields.text.join(".");
        Err(Error::new(match self.text_found {
            Some(found) => ErrorKind::FieldNotText { field, found },
            None => ErrorKind::MissingField(field),
        }))
    }
}

impl Record {
    /// Reads the line once more for what is seldom asked for: strings as they are, numbers as they are written.
    fn find_extra(&mut self, line: &str, fields: &Fields) {
        let whole: Value = serde_json::from_str(line).unwrap_or_default();
        self.extra.clear();
        self.extra.extend(fields.extra.iter().map(|path| {
            let value = path.iter().try_fold(&whole, |value, name| value.get(name))?;
            match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        }));
    }
}

/// serde_json ends its messages with a line and column that count from the record's own start.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = message[..end].replacen("EOF while parsing", "it ends inside", 1);
    format!("{message} at byte {} of the record", error.column())
}

/// A value on the way to the fields: what is left of either path from here.
/// A path that is used up marks the value itself as the field.
struct Level<'r, 'f> {
    record: &'r mut Record,
    id: Option<&'f [String]>,
    text: Option<&'f [String]>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl Level<'_, '_> {
    fn is_text(&self) -> bool {
        self.text.is_some_and(<[String]>::is_empty)
    }

    fn is_id(&self) -> bool {
        self.id.is_some_and(<[String]>::is_empty)
    }

    fn no_string(&mut self, found: &'static str) {
        if self.is_text() {
            self.record.text_found = Some(found);
            self.record.has_text = false;
        }
    }

    fn number(mut self, value: impl fmt::Display) {
        self.no_string("a number");
        if self.is_id() {
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
        let Level { record, id, text } = self;
        while let Some((id, text)) = map.next_key_seed(Step { id, text })? {
            if id.is_some() || text.is_some() {
                map.next_value_seed(Level { record: &mut *record, id, text })?;
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
            self.record.has_text = true;
        }
        if self.is_id() {
            self.record.id.clear();
            self.record.id.push_str(value);
            self.record.has_id = true;
        }
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(value);
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
    id: Option<&'f [String]>,
    text: Option<&'f [String]>,
}

impl<'de, 'f> DeserializeSeed<'de> for Step<'f> {
    type Value = (Option<&'f [String]>, Option<&'f [String]>);

    fn deserialize<D: serde::Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'f> Visitor<'_> for Step<'f> {
    type Value = (Option<&'f [String]>, Option<&'f [String]>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let down = |path: Option<&'f [String]>| {
            let (first, rest) = path?.split_first()?;
            (first == key).then_some(rest)
        };
        Ok((down(self.id), down(self.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Option<String>, String), String> {
        let mut record = Record::default();
        record
            .parse(line, &Fields::new("meta.id", "body", &[]))
            .map_err(|error| error.to_string())?;
        Ok((record.has_id.then_some(record.id), record.text))
    }

    #[test]
    fn fields_are_found_nested_escaped_and_in_any_order() {
        for (line, id, text) in [
            (r#"{"body": "a\nb", "meta": {"x": [1, {}], "id": "k"}}"#, Some("k"), "a\nb"),
            (r#"{"meta": {"id": 7}, "body": "caf\u00e9", "more": null}"#, Some("7"), "caf\u{e9}"),
            (r#"{"id": "top", "body": ""}"#, None, ""),
            (r#"{"body": "first", "body": "last", "meta": {"id": null}}"#, None, "last"),
        ] {
            assert_eq!(parse(line).unwrap(), (id.map(str::to_owned), text.to_owned()), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, message) in [
            (r#"{"text": "a"}"#, "no field `body`"),
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
