//! The texts of documents that a page shows.
//!
//! In: documents, read again by whoever knows where they are, from any thread ([`TextBuilder`]). Out:
//! [`Texts`], from which each is read when the page is written. They are spilled, and a long one is
//! cut, so that what is held does not grow with them.

use crate::error::Result;
use crate::spill::{Spill, Stored};

/// How many bytes of a document are shown at most.
pub const LONGEST_TEXT: usize = 1_000_000;

/// Where the texts of documents come from.
pub trait TextSource {
    /// Reads documents by their names; in the answer they have the places that they have here.
    ///
    /// # Errors
    /// The system's; a file that changes while it is read.
    fn read(&self, names: &[&str]) -> Result<Texts>;
}

/// A text that was put away.
#[derive(Clone, Copy, Debug)]
struct Place {
    unit: u32,
    start: usize,
    length: usize,
    /// Bytes of the document.
    bytes: u32,
}

/// Texts by number.
#[derive(Debug)]
pub struct Texts {
    spill: Spill,
    units: Vec<Stored<u8>>,
    places: Vec<Option<Place>>,
}

/// The texts of one unit, while they are read.
#[derive(Debug, Default)]
pub struct TextBuilder {
    bytes: Vec<u8>,
    places: Vec<(u32, Place)>,
}

/// The texts of one unit, put away.
#[derive(Debug)]
pub struct UnitTexts {
    bytes: Stored<u8>,
    places: Vec<(u32, Place)>,
}

impl TextBuilder {
    /// Adds the beginning of the text of the document with this number.
    pub fn push(&mut self, number: u32, text: &str) {
        let shown = beginning(text, LONGEST_TEXT);
        self.places.push((
            number,
            Place {
                unit: 0,
                start: self.bytes.len(),
                length: shown.len(),
                // A document has fewer than 2^32 bytes.
                bytes: text.len() as u32,
            },
        ));
        self.bytes.extend_from_slice(shown.as_bytes());
    }

    /// Puts the texts away.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(self, spill: &Spill) -> Result<UnitTexts> {
        Ok(UnitTexts { bytes: spill.store(&self.bytes)?, places: self.places })
    }
}

/// Up to so many bytes of a text, in whole characters.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let cut = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..cut.unwrap_or(0)]
}

impl Texts {
    /// The texts of so many documents, of those that were found.
    pub fn new(spill: Spill, documents: usize, found: Vec<UnitTexts>) -> Self {
        let mut texts = Texts { spill, units: Vec::new(), places: vec![None; documents] };
        for unit in found {
            let number = texts.units.len() as u32;
            texts.units.push(unit.bytes);
            for (document, place) in unit.places {
                texts.places[document as usize] = Some(Place { unit: number, ..place });
            }
        }
        texts
    }

    /// The beginning of a text and how many bytes all of it has, if the document was found.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn get(&self, number: usize) -> Result<Option<(String, u32)>> {
        let Some(place) = self.places[number] else { return Ok(None) };
        let mut buffer = Vec::new();
        let range = place.start..place.start + place.length;
        let bytes = self.spill.read(&self.units[place.unit as usize], range, &mut buffer)?;
        let text = std::str::from_utf8(bytes).expect("texts are put away whole");
        Ok(Some((text.to_owned(), place.bytes)))
    }

    /// How many documents were not found.
    pub fn missing(&self) -> u64 {
        self.places.iter().filter(|place| place.is_none()).count() as u64
    }
}
