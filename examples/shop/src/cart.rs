//! A cart: how many of what. An object with a member for each article, so that two carts merge article by article.

use std::collections::BTreeMap;

use cloakroom_guard::data::Document;
use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Article};

/// Nobody needs more of one thing.
const MOST: u32 = 99;

/// What somebody is about to buy, kept as session data.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Cart {
    #[serde(default)]
    articles: BTreeMap<String, u32>,
}

impl Document for Cart {
    const NAMESPACE: &'static str = "cart";
}

impl Cart {
    /// One more of it.
    pub(crate) fn add(&mut self, article: &Article) {
        let count = self.articles.entry(article.id.to_owned()).or_default();
        *count = (*count + 1).min(MOST);
    }

    /// None of it any more.
    pub(crate) fn remove(&mut self, article: &Article) {
        self.articles.remove(article.id);
    }

    /// What is in it and how often. What is no longer on offer is not shown.
    pub(crate) fn lines(&self) -> Vec<(&'static Article, u32)> {
        let known = |(id, count): (&String, &u32)| Some((catalogue::find(id)?, *count));
        self.articles.iter().filter_map(known).collect()
    }

    /// In euros.
    pub(crate) fn total(&self) -> u32 {
        self.lines().iter().map(|(article, count)| article.price * count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_counted_and_paid() {
        let (hat, duffle) = (catalogue::find("hat").unwrap(), catalogue::find("duffle").unwrap());
        let mut cart = Cart::default();
        for article in [hat, hat, duffle] {
            cart.add(article);
        }
        assert_eq!(cart.total(), 360);
        cart.remove(hat);
        assert_eq!(cart.total(), 240);
    }

    #[test]
    fn what_is_no_longer_on_offer_costs_nothing() {
        let cart: Cart = serde_json::from_str(r#"{"articles":{"cape":2,"hat":1}}"#).unwrap();
        assert_eq!((cart.lines().len(), cart.total()), (1, 60));
    }
}
