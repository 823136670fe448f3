//! What there is to buy.

/// A thing on offer.
pub(crate) struct Article {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
    /// In euros.
    pub(crate) price: u32,
}

/// Everything on offer.
pub(crate) const ALL: &[Article] = &[
    Article { id: "duffle", name: "Duffle coat", words: "Wool, with toggles of horn", price: 240 },
    Article { id: "trench", name: "Trench coat", words: "Cotton, for long rain", price: 190 },
    Article { id: "hat", name: "Felt hat", words: "Keeps its shape when sat on", price: 60 },
    Article { id: "umbrella", name: "Umbrella", words: "Eight ribs, one button", price: 35 },
];

/// The article of this name.
pub(crate) fn find(id: &str) -> Option<&'static Article> {
    ALL.iter().find(|article| article.id == id)
}
