//! Just enough of HTML to fill in the forms of our own pages.

use std::collections::BTreeMap;

/// What a form holds before anybody fills it in.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) hidden: BTreeMap<String, String>,
}

/// The form of this id.
pub(crate) fn form(html: &str, id: &str) -> Option<Form> {
    let tag = tags(html, "form").find(|tag| attribute(tag, "id").as_deref() == Some(id))?;
    let start = html.find(tag)?;
    let end = start + html[start..].find("</form>")?;
    let hidden = tags(&html[start..end], "input")
        .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
        .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
        .collect();
    Some(Form { action: attribute(tag, "action")?, hidden })
}

/// The start tags of elements of this name.
pub(crate) fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let beginning = format!("<{name} ");
    let starts: Vec<_> = html.match_indices(&beginning).map(|(at, _)| at).collect();
    starts.into_iter().map(move |at| &html[at..=at + html[at..].find('>').unwrap()])
}

/// The start tag of the element with this id.
pub(crate) fn element<'a>(html: &'a str, id: &str) -> Option<&'a str> {
    let at = html.find(&format!(" id=\"{id}\""))?;
    let start = html[..at].rfind('<')?;
    Some(&html[start..=start + html[start..].find('>')?])
}

/// The value of an attribute, its escapes undone.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = start + tag[start..].find('"')?;
    let undone = [("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#39;", "'"), ("&#38;", "&")];
    Some(undone.iter().fold(tag[start..end].to_owned(), |text, (from, to)| text.replace(from, to)))
}
