//! Server-sent events (WHATWG HTML §9.2.6), as much of them as the feed uses, from bytes in pieces of any size.

/// An event whose data is longer is none of the feed's.
const LONGEST: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// Its kind: `message` where the stream does not say.
    pub(crate) kind: String,
    /// The field `id` of this very event.
    pub(crate) id: Option<String>,
    /// Its data, lines joined by line feeds.
    pub(crate) data: String,
}

/// What came is not a stream of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Malformed {
    /// A line or an event is longer than any of the feed's.
    #[error("an event is too long")]
    TooLong,
    /// A line is not UTF-8.
    #[error("a line is not UTF-8")]
    NotText,
}

/// Puts events together.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    /// The line before ended with a carriage return, so a line feed that follows belongs to it.
    after_return: bool,
    begun: bool,
    kind: String,
    id: Option<String>,
    data: String,
    has_data: bool,
}

impl Events {
    /// Takes the next bytes and hands out each event that they complete.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut event: impl FnMut(Event),
    ) -> Result<(), Malformed> {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    self.end_line(&mut event)?;
                }
                _ => {
                    self.after_return = false;
                    if self.line.len() >= LONGEST {
                        return Err(Malformed::TooLong);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(())
    }

    fn end_line(&mut self, event: &mut impl FnMut(Event)) -> Result<(), Malformed> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| Malformed::NotText)?;
        let line = if self.begun { line } else { line.trim_start_matches('\u{feff}') };
        self.begun = true;
        if line.is_empty() {
            self.end_event(event);
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                if self.data.len() + value.len() >= LONGEST {
                    return Err(Malformed::TooLong);
                }
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments (an empty name), `retry`, and what nobody has thought of yet.
            _ => {}
        }
        Ok(())
    }

    fn end_event(&mut self, event: &mut impl FnMut(Event)) {
        let (kind, id) = (std::mem::take(&mut self.kind), self.id.take());
        let data = std::mem::take(&mut self.data);
        // An event without data is none.
        if std::mem::take(&mut self.has_data) {
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            event(Event { kind, id, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<Event> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for piece in pieces {
            events.push(piece, |event| found.push(event)).unwrap();
        }
        found
    }

    fn event(kind: &str, id: Option<&str>, data: &str) -> Event {
        Event { kind: kind.to_owned(), id: id.map(str::to_owned), data: data.to_owned() }
    }

    #[test]
    fn an_event_ends_with_an_empty_line() {
        let stream = b"event: rows\nid: 7.a\ndata: 1 -x\ndata: 2 ~y\n\nevent: heard\ndata:12\n\n";
        let expected = [event("rows", Some("7.a"), "1 -x\n2 ~y"), event("heard", None, "12")];
        assert_eq!(read(&[stream]), expected);
        assert_eq!(read(&[b"event: heard\ndata: 1\n"]), []);
    }

    #[test]
    fn comments_and_unknown_fields_say_nothing() {
        assert_eq!(
            read(&[b"\xef\xbb\xbf: hello\nretry: 5\nx\n\ndata\n\n"]),
            [event("message", None, "")]
        );
    }

    #[test]
    fn what_is_endless_is_refused() {
        let mut events = Events::default();
        events.push(b"data: short\n\n", drop).unwrap();
        assert_eq!(events.push(&vec![b'a'; LONGEST + 1], drop), Err(Malformed::TooLong));
        let (mut events, line) =
            (Events::default(), [&b"data: "[..], &vec![b'a'; 1 << 20], b"\n"].concat());
        let refused = (0..5).find_map(|_| events.push(&line, drop).err());
        assert_eq!(refused, Some(Malformed::TooLong));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(Events::default().push(b"data: \xff\n", drop), Err(Malformed::NotText));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_network_cuts(cuts in prop::collection::vec(0_usize..60, 0..8)) {
            let stream = b"event: rows\r\nid: 7.a\r\ndata: 1 -x\r\ndata: 2\r\n\r\ndata: z\r\rdata: q\n\n";
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[stream]));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = Events::default().push(&bytes, drop);
        }
    }
}
