//! Strict YAML 1.2 with the core schema. Tags, anchors, aliases and merge keys are refused.

use super::PartialDocument;
use super::node::{Document, KeyValue, MAX_DEPTH, MAX_FINDINGS, MAX_VALUES, Node, NodeValue};
use super::text::Text;
use crate::base::pattern::pattern;
use crate::model::canonical::MAX_SAFE_INTEGER;
use crate::model::diagnostic::{Code, Diagnostic};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};
use serde_json::Number;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

pub(super) fn read(text: Text) -> Result<Document, Vec<Diagnostic>> {
    let mut loader = Loader::of(&text, AtError::Stop);
    let root = match loader.stream() {
        Ok(root) => root,
        Err(stop) => {
            loader.findings.extend(stop.0.map(|finding| *finding));
            return Err(loader.findings);
        }
    };
    let findings = loader.findings;
    if findings.is_empty() {
        Ok(Document { text, root })
    } else {
        Err(findings)
    }
}

/// The document up to its first syntax error. All open collections end there.
pub(super) fn read_partial(text: Text) -> Option<PartialDocument> {
    let mut loader = Loader::of(&text, AtError::EndDocument);
    let root = loader.stream().ok()?;
    let is_whole = !loader.has_ended;
    Some(PartialDocument {
        document: Document { text, root },
        is_whole,
    })
}

/// The reaction to a syntax error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtError {
    Stop,
    EndDocument,
}

/// The end of parsing, with the reason unless it is already among the findings.
struct Halt(Option<Box<Diagnostic>>);

struct Loader<'t> {
    text: &'t Text,
    offsets: Offsets,
    findings: Vec<Diagnostic>,
    depth: usize,
    values: usize,
    at_error: AtError,
    /// True after a syntax error.
    has_ended: bool,
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;

impl From<Diagnostic> for Halt {
    fn from(finding: Diagnostic) -> Self {
        Self(Some(Box::new(finding)))
    }
}

impl<'t> Loader<'t> {
    fn of(text: &'t Text, at_error: AtError) -> Self {
        Self {
            text,
            offsets: Offsets::of(text.content()),
            findings: Vec::new(),
            depth: 0,
            values: 0,
            at_error,
            has_ended: false,
        }
    }

    fn stream(&mut self) -> Result<Node, Halt> {
        let mut events = Parser::new_from_str(self.text.content());
        let mut root = None;
        loop {
            let (event, span) = self.next(&mut events)?;
            match event {
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                Event::StreamEnd => break,
                _ if self.at_error == AtError::EndDocument && root.is_some() => break,
                content if root.is_none() => root = Some(self.node(content, span, &mut events)?),
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => {
                    let finding =
                        self.finding(Code::Syntax, "file contains a second document", span);
                    return Err(Halt::from(finding.help(
                        "remove the `---` line and the text after it, or move it to another file",
                    )));
                }
            }
        }
        root.ok_or_else(|| Halt::from(empty(self.text)))
    }

    fn next(&mut self, events: &mut Events<'t>) -> Result<(Event<'t>, Span), Halt> {
        if self.findings.len() >= MAX_FINDINGS && self.at_error == AtError::Stop {
            return Err(Halt(more(&self.findings).map(Box::new)));
        }
        let event = if self.has_ended {
            None
        } else {
            events.next_event()
        };
        match event {
            Some(Ok(event)) => Ok(event),
            Some(Err(_)) if self.at_error == AtError::EndDocument => {
                self.has_ended = true;
                let end = self.text.content().chars().count();
                Ok((Event::StreamEnd, Span::empty(Marker::new(end, 1, 0))))
            }
            Some(Err(error)) => Err(Halt::from(self.syntax_error(&error))),
            None => Ok((Event::StreamEnd, Span::empty(Marker::new(0, 1, 0)))),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        events: &mut Events<'t>,
    ) -> Result<Node, Halt> {
        let start = self.range(&span);
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(too_many_values(self.text, start).into());
        }
        match event {
            Event::Scalar(content, style, anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), &span);
                Ok(self.scalar(content, style, &span))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), &span);
                self.descend(&span)?;
                let list = self.list(start, events)?;
                self.depth -= 1;
                Ok(list)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_features(anchor, tag.is_some(), &span);
                self.descend(&span)?;
                let mapping = self.mapping(start, events)?;
                self.depth -= 1;
                Ok(mapping)
            }
            Event::Alias(_) => {
                self.refuse("aliases", &span);
                Ok(Node {
                    range: start,
                    value: NodeValue::Null,
                })
            }
            // A key at the error, without its value.
            Event::StreamEnd if self.at_error == AtError::EndDocument => Ok(Node {
                range: start,
                value: NodeValue::Null,
            }),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                let finding = self.finding(Code::Syntax, "document ends too early", span);
                Err(Halt::from(finding.help("complete the last line")))
            }
        }
    }

    fn scalar(&mut self, content: Cow<'_, str>, style: ScalarStyle, span: &Span) -> Node {
        let range = self.scalar_range(span, style);
        let value = match style {
            ScalarStyle::Plain => self.plain(&content, &range),
            ScalarStyle::SingleQuoted
            | ScalarStyle::DoubleQuoted
            | ScalarStyle::Literal
            | ScalarStyle::Folded => NodeValue::Text(content.into_owned()),
        };
        Node { range, value }
    }

    fn list(&mut self, start: Range<usize>, events: &mut Events<'t>) -> Result<Node, Halt> {
        let mut items: Vec<Node> = Vec::new();
        let end = loop {
            match self.next(events)? {
                (Event::SequenceEnd, end) => break end,
                (Event::StreamEnd, end) if self.at_error == AtError::EndDocument => break end,
                (event, span) => items.push(self.node(event, span, events)?),
            }
        };
        let last = items.last().map(|item| item.range.end);
        Ok(Node {
            range: self.collection_range(start, last, &end),
            value: NodeValue::List(items),
        })
    }

    fn mapping(&mut self, start: Range<usize>, events: &mut Events<'t>) -> Result<Node, Halt> {
        let (entries, end) = self.entries(events)?;
        let last = entries.last().map(|entry| entry.value.range.end);
        let first = entries
            .first()
            .map_or(start.start, |entry| start.start.min(entry.key_range.start));
        Ok(Node {
            range: self.collection_range(first..start.end, last, &end),
            value: NodeValue::Map(entries),
        })
    }

    fn entries(&mut self, events: &mut Events<'t>) -> Result<(Vec<KeyValue>, Span), Halt> {
        let mut entries: Vec<KeyValue> = Vec::new();
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        loop {
            let (event, span) = self.next(events)?;
            let (key, key_range) = match event {
                Event::MappingEnd => return Ok((entries, span)),
                Event::StreamEnd if self.at_error == AtError::EndDocument => {
                    return Ok((entries, span));
                }
                Event::Scalar(key, style, anchor, tag) => {
                    self.refuse_features(anchor, tag.is_some(), &span);
                    if key == "<<" && style == ScalarStyle::Plain {
                        self.refuse("merge keys", &span);
                    }
                    (key.into_owned(), self.scalar_range(&span, style))
                }
                Event::Alias(_) => {
                    self.refuse("aliases", &span);
                    return Err(Halt(None));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..) => {
                    let finding = self.finding(
                        Code::Syntax,
                        "key is a list or a mapping, expected text",
                        span,
                    );
                    return Err(Halt::from(finding.help(
                        "quote a text that starts with `{`, `[` or `?`; a key is one word",
                    )));
                }
            };
            let (event, span) = self.next(events)?;
            let value = self.node(event, span, events)?;
            let first = seen.get(&key).filter(|_| self.at_error == AtError::Stop);
            if let Some(first) = first {
                self.findings
                    .push(duplicate_key(self.text, &key, &key_range, first));
            } else {
                seen.insert(key.clone(), key_range.clone());
                entries.push(KeyValue {
                    key,
                    key_range,
                    value,
                });
            }
        }
    }

    fn descend(&mut self, span: &Span) -> Result<(), Halt> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Halt::from(too_deep(self.text, self.range(span))));
        }
        Ok(())
    }

    /// The value of a plain scalar by the core schema (YAML 1.2.2, section 10.3): `no`, `on` and dates are text.
    fn plain(&mut self, content: &str, range: &Range<usize>) -> NodeValue {
        match content {
            "" | "~" | "null" | "Null" | "NULL" => return NodeValue::Null,
            "true" | "True" | "TRUE" => return NodeValue::Bool(true),
            "false" | "False" | "FALSE" => return NodeValue::Bool(false),
            _ => {}
        }
        if pattern!("^[-+]?[0-9]+$").is_match(content) {
            return self.integer(content.parse().ok(), content, range);
        }
        if pattern!("^0x[0-9a-fA-F]+$").is_match(content) {
            return self.integer(i64::from_str_radix(&content[2..], 16).ok(), content, range);
        }
        if pattern!("^0o[0-7]+$").is_match(content) {
            return self.integer(i64::from_str_radix(&content[2..], 8).ok(), content, range);
        }
        let is_float = pattern!(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$");
        let number = content.parse().ok().filter(|_| is_float.is_match(content));
        number
            .and_then(Number::from_f64)
            .map_or_else(|| NodeValue::Text(content.to_owned()), NodeValue::Number)
    }

    fn integer(&mut self, value: Option<i64>, content: &str, range: &Range<usize>) -> NodeValue {
        if let Some(value) = value.filter(|value| value.unsigned_abs() <= MAX_SAFE_INTEGER) {
            NodeValue::Number(value.into())
        } else {
            self.findings.push(unsafe_number(self.text, content, range));
            NodeValue::Null
        }
    }

    fn refuse_features(&mut self, anchor: usize, has_tag: bool, span: &Span) {
        if anchor != 0 {
            self.refuse("anchors", span);
        }
        if has_tag {
            self.refuse("tags", span);
        }
    }

    fn refuse(&mut self, feature: &str, span: &Span) {
        let range = self.range(span);
        self.findings
            .push(unused_feature(self.text, feature, range));
    }

    fn finding(&self, code: Code, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::error(code, message).at("", self.text.location(self.range(&span)))
    }

    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let mut at = self.offsets.byte(error.marker().index());
        let rest = &self.text.content()[at..];
        // The parser reports a tab at the start of the value before it.
        if error.info().contains("tab")
            && let Some(tab) = rest.find('\t')
        {
            at += tab;
        }
        if error.info().contains("recursion limit") {
            return too_deep(self.text, at..at);
        }
        if error.info().contains("unknown anchor") {
            return unused_feature(self.text, "aliases", at..at);
        }
        let finding = Diagnostic::error(Code::Syntax, error.info().to_owned())
            .at("", self.text.location(at..at));
        if error.info().contains("tab") {
            finding.help("indent with spaces")
        } else if error.info().contains("escape") {
            finding.help("write the text between single quotes, or each `\\` twice")
        } else {
            finding.help("check the indentation, which is deeper for a block text than for its key, and quote texts that contain `: ` or ` #` or start with a special character")
        }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.offsets.byte(span.start.index());
        start..self.offsets.byte(span.end.index()).max(start)
    }

    /// The range of a scalar up to its last character; the parser's range ends at the next token.
    fn scalar_range(&self, span: &Span, style: ScalarStyle) -> Range<usize> {
        let mut range = self.range(span);
        if style == ScalarStyle::Plain
            || style == ScalarStyle::Literal
            || style == ScalarStyle::Folded
        {
            range.end = range.start + self.text.content()[range.clone()].trim_end().len();
        }
        range
    }

    fn collection_range(
        &self,
        start: Range<usize>,
        last: Option<usize>,
        end: &Span,
    ) -> Range<usize> {
        let closes = self.text.content()[start.clone()].starts_with(['[', '{']);
        let end = if closes {
            self.range(end).end
        } else {
            last.unwrap_or(start.end)
        };
        start.start..end.max(start.end)
    }
}

fn unused_feature(text: &Text, feature: &str, range: Range<usize>) -> Diagnostic {
    Diagnostic::error(Code::YamlFeature, format!("{feature} are not supported"))
        .at("", text.location(range))
        .help("write out the value at each use")
}

pub(super) fn duplicate_key(
    text: &Text,
    key: &str,
    again: &Range<usize>,
    first: &Range<usize>,
) -> Diagnostic {
    Diagnostic::error(
        Code::DuplicateKey,
        format!("key `{}` is used twice", key.escape_debug()),
    )
    .at("", text.location(again.clone()))
    .also(Some(text.location(first.clone())), "first used here")
    .help("remove one of them")
}

pub(super) fn unsafe_number(text: &Text, number: &str, range: &Range<usize>) -> Diagnostic {
    let message = format!("{number} is outside ±(2^53 − 1), where parsers disagree");
    Diagnostic::error(Code::BadValue, message)
        .at("", text.location(range.clone()))
        .help(format!("write it as text: \"{number}\""))
}

pub(super) fn too_deep(text: &Text, range: Range<usize>) -> Diagnostic {
    Diagnostic::error(
        Code::TooDeep,
        format!("document nests more than {MAX_DEPTH} levels deep"),
    )
    .at("", text.location(range))
    .help("check for a repeated bracket or indentation")
}

pub(super) fn empty(text: &Text) -> Diagnostic {
    Diagnostic::error(Code::Syntax, "document is empty")
        .at("", text.location(0..0))
        .help("write the document, or remove the file")
}

pub(super) fn too_many_values(text: &Text, range: Range<usize>) -> Diagnostic {
    Diagnostic::error(
        Code::TooManyValues,
        format!("document contains more than {MAX_VALUES} values"),
    )
    .at("", text.location(range))
    .help("split it, or copy a folder with one COPY_FILE instead of many single files")
}

/// The note after the last listed finding.
pub(super) fn more(findings: &[Diagnostic]) -> Option<Diagnostic> {
    let last = findings.last()?;
    let message = format!("stopped after {MAX_FINDINGS} findings");
    Some(
        Diagnostic::error(last.code, message)
            .at(last.pointer.clone(), last.location.clone())
            .help("fix these first"),
    )
}

/// Conversion of the parser's character offsets to bytes.
struct Offsets(Option<Vec<usize>>);

impl Offsets {
    fn of(content: &str) -> Self {
        Self((!content.is_ascii()).then(|| {
            content
                .char_indices()
                .map(|(at, _)| at)
                .chain(std::iter::once(content.len()))
                .collect()
        }))
    }

    fn byte(&self, character: usize) -> usize {
        match &self.0 {
            None => character,
            Some(offsets) => offsets[character.min(offsets.len() - 1)],
        }
    }
}
