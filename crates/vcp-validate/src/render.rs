//! The rendering of findings in the style of a compiler. Each is shown with its line, marked.

use crate::{Code, Finding, Position};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use std::{borrow::Cow, fmt::Write as _, ops::Range};
use vcp_schema::{
    ErrorCode, FieldPath, Severity, Step,
    json::tokens::{TokenKind, Tokens},
};

/// A rendering of findings for people. Values of the document are masked, because they may be
/// personal data. [`Rendering::show_values`] shows them.
///
/// Each finding is one block. Several missing members of one object are one block together, which
/// lists their names.
///
/// ```
/// use vcp_validate::{Rendering, Validator};
/// let text = "{\n  \"vcp_version\": \"0.5\",\n  \
///     \"audit\": {\"received_at\": 7, \"schema_version\": \"0.5\"},\n  \"vcp_payload\": 1\n}";
/// let report = Validator::new().validate_json(text, None);
/// let shown = Rendering::plain().origin("call.json").render(text, &report.findings);
/// let expected = concat!("call.json:3:28: error[VCP_E004]: ",
///     r#"a string is wanted here, not a number
///   |
/// 3 |   "audit": {"received_at": *, "schema_version": "***"},
///   |                            ^ $.audit.received_at
///   |
///   = help: use the type or one of the words that the specification gives for this member
/// "#);
/// assert!(shown.starts_with(expected), "{shown}");
/// ```
#[derive(Debug, Clone)]
pub struct Rendering {
    renderer: Renderer,
    origin: Cow<'static, str>,
    first_line: usize,
    show_values: bool,
    width: usize,
}

impl Rendering {
    /// Creates a rendering without colour, 120 characters wide.
    #[must_use]
    pub fn plain() -> Self {
        Self::with(Renderer::plain())
    }

    /// Creates a rendering with colours for a terminal (ANSI escapes), 120 characters wide.
    #[must_use]
    pub fn coloured() -> Self {
        Self::with(Renderer::styled())
    }

    fn with(renderer: Renderer) -> Self {
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        Self { renderer, origin: "message".into(), first_line: 1, show_values: false, width: 120 }.width(120)
    }

    /// Sets the name of the text, such as its file name. The default is `message`.
    ///
    /// Each finding begins with `name:line:column`, which editors and terminals recognise. A
    /// finding without a position begins with the name only.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.origin = visible(&origin.into()).into_owned().into();
        self
    }

    /// Sets the line of the file in which the text begins, from 1. Use it if the file holds several
    /// texts. The default is 1.
    #[must_use]
    pub fn first_line(mut self, line: usize) -> Self {
        self.first_line = line.max(1);
        self
    }

    /// Sets whether the values of the document are shown. They may be personal data. By default,
    /// they are masked.
    #[must_use]
    pub fn show_values(mut self, show: bool) -> Self {
        self.show_values = show;
        self
    }

    /// Sets the width of a line in characters. Longer lines of the text are cut around the mark. A
    /// width below 40 counts as 40.
    #[must_use]
    pub fn width(mut self, width: usize) -> Self {
        self.width = width.max(40);
        self.renderer = self.renderer.term_width(self.width);
        self
    }

    /// Returns the findings as text, one below the other. `text` is the text that was validated.
    #[must_use]
    pub fn render(&self, text: &str, findings: &[Finding]) -> String {
        let text = if self.show_values { Cow::Borrowed(text) } else { Cow::Owned(masked(text)) };
        let mut out = String::new();
        for findings in findings.chunk_by(are_absent_together) {
            let Some(finding) = findings.first() else { continue };
            out.push_str(&self.origin);
            if let Some(Position { line, column, .. }) = finding.position {
                let _ = write!(out, ":{}:{column}", self.first_line + line - 1);
            }
            let group = match findings {
                [finding] => self.group(&text, finding, (&finding.message).into(), &finding.path),
                several => self.group(&text, finding, absent(several).into(), &object_of(finding)),
            };
            let _ = writeln!(out, ": {}\n", self.renderer.render(&[group]));
        }
        // A command can come together from parts that are no command alone.
        without_commands(out.into()).into_owned()
    }

    fn group<'f>(&'f self, text: &str, finding: &'f Finding, title: Cow<'f, str>, path: &FieldPath) -> Group<'f> {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            _ => Level::INFO,
        };
        let group = Group::with_title(level.primary_title(title).id(finding.code.as_str()));
        // Names in the document can make the path long.
        let path: String = visible(&path.to_string()).chars().take(2 * self.width).collect();
        let line = finding.position.and_then(|position| Some((position, Excerpt::of(text, position, self.width)?)));
        let group = match line {
            Some((position, Excerpt { line, mark })) => {
                let marked = AnnotationKind::Primary.span(mark).label(path);
                group.element(Snippet::source(line).line_start(self.first_line + position.line - 1).annotation(marked))
            }
            None => group.element(Level::NOTE.message(format!("at {path}"))),
        };
        match &finding.code {
            Code::Vcp(code) => group.element(Level::HELP.message(code.help())),
            Code::Own(_) => group,
        }
    }
}

/// Returns whether two findings are about absent members of one object.
///
/// An absent member has the position of the end of its object. A member that is null has its own
/// position, so it never shares one.
fn are_absent_together(one: &Finding, other: &Finding) -> bool {
    let is_missing = |finding: &Finding| finding.code == ErrorCode::Missing && finding.position.is_some();
    is_missing(one)
        && is_missing(other)
        && one.position == other.position
        && one.severity == other.severity
        && object_of(one) == object_of(other)
}

/// Returns the place of the object that holds the place of a finding.
fn object_of(finding: &Finding) -> FieldPath {
    let (_, object) = finding.path.steps().split_last().unzip();
    object.into_iter().flatten().cloned().fold(FieldPath::root(), FieldPath::step)
}

/// Returns the title for several absent members of one object.
fn absent(findings: &[Finding]) -> String {
    let names = findings.iter().filter_map(|finding| match finding.path.steps().last() {
        Some(Step::Name(name)) => Some(format!("`{}`", visible(name))),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, [])) => format!("{last} is missing"),
        Some((last, before)) => format!("{} and {last} are missing", before.join(", ")),
        None => format!("{} members are missing", findings.len()),
    }
}

/// The part of a line of the text that fits the width, and the range of the mark in it, in bytes.
struct Excerpt {
    line: String,
    mark: Range<usize>,
}

impl Excerpt {
    fn of(text: &str, position: Position, width: usize) -> Option<Self> {
        let (before, rest) = text.split_at_checked(position.offset)?;
        // A third of the width is for text before the mark. The rest is for the mark and text after
        // it. No more of the line is scanned, because a line can be as long as the whole text.
        let start = before.char_indices().rev().take_while(|(_, c)| *c != '\n').take(width / 3 + 1).last();
        let before = before.get(start.map_or(before.len(), |(at, _)| at)..)?;
        let end = rest.char_indices().take_while(|(_, c)| *c != '\n').take(width * 2 / 3 + 1).last();
        let rest = rest.get(..end.map_or(0, |(at, c)| at + c.len_utf8()))?.trim_end_matches('\r');
        let cut = |text: &str, most: usize| text.chars().count() > most;
        let (is_cut_before, is_cut_behind) = (cut(before, width / 3), cut(rest, width * 2 / 3));
        let length = value_length(rest);
        let (marked, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let mut line = String::from(if is_cut_before { "…" } else { "" });
        line.push_str(&visible(before));
        let begin = line.len();
        line.push_str(&visible(marked));
        let end = line.len();
        line.push_str(&visible(behind));
        line.push_str(if is_cut_behind { "…" } else { "" });
        Some(Self { line, mark: begin..end })
    }
}

/// Replaces the characters of a text that are not safe on a terminal by U+FFFD. These move the
/// cursor, change colours or the direction of writing, or are invisible.
///
/// The runner of GitHub Actions takes `##[` anywhere in a line, and `::` at its beginning, for a
/// command. The second character of these is replaced.
///
/// ```
/// assert_eq!(vcp_validate::visible("a ##[stop-commands]"), "a #\u{fffd}[stop-commands]");
/// assert_eq!(vcp_validate::visible(" ::error::a::b"), " :\u{fffd}error::a::b");
/// assert_eq!(vcp_validate::visible("a\u{1b}[31m\u{202e}b"), "a\u{fffd}[31m\u{fffd}b");
/// assert_eq!(vcp_validate::visible("soft\u{ad}hyphen \u{61c}"), "soft\u{fffd}hyphen \u{fffd}");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(
                c,
                '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                    | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                    | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            )
    };
    let text = if text.contains(is_hidden) { text.replace(is_hidden, "\u{fffd}").into() } else { Cow::Borrowed(text) };
    without_commands(text)
}

/// Breaks what begins a command of the runner of GitHub Actions: `##[`, and `::` at the beginning.
fn without_commands(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = if text.contains("##[") { text.replace("##[", "#\u{fffd}[").into() } else { text };
    if text.trim_start().starts_with("::") { text.replacen("::", ":\u{fffd}", 1).into() } else { text }
}

/// Returns the length of the token that a line goes on with, or 0 for white space.
fn value_length(rest: &str) -> usize {
    match Tokens::tolerant(rest).next() {
        Some(token) if token.kind != TokenKind::Space => token.text.len(),
        _ => 0,
    }
}

/// Replaces each byte of a value by a star. Names, `true`, `false` and `null` stay.
///
/// The result has the same length, so that places in the text stay right.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut tokens = Tokens::tolerant(text).peekable();
    // The last token that is not white space. A name follows a brace or a comma.
    let mut before = b' ';
    while let Some(token) = tokens.next() {
        let space = tokens.next_if(|next| next.kind == TokenKind::Space);
        let is_name = matches!(before, b'{' | b',') && tokens.peek().is_some_and(|next| next.kind == TokenKind::Colon);
        match token.kind {
            TokenKind::String if !is_name => {
                let is_closed = token.text.len() > 1 && token.text.ends_with('"');
                out.push('"');
                out.extend(std::iter::repeat_n('*', token.text.len() - 1 - usize::from(is_closed)));
                out.push_str(if is_closed { "\"" } else { "" });
            }
            TokenKind::Scalar if !matches!(token.text, "true" | "false" | "null") => {
                out.extend(std::iter::repeat_n('*', token.text.len()));
            }
            _ => out.push_str(token.text),
        }
        out.push_str(space.map_or("", |space| space.text));
        if token.kind != TokenKind::Space {
            before = token.first();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Validator;

    const FULL: &str = include_str!("../tests/data/full.json");

    fn shown(text: &str) -> String {
        Rendering::plain().origin("a.json").render(text, &Validator::new().validate_json(text, None).findings)
    }

    #[test]
    fn values_are_masked_in_place() {
        let text = "{\"naïve\" : \"é\\\"x\", \"a\": [-1.5e3, true, null, \"\"], \"b\": \"open\n x: 7";
        let expected = "{\"naïve\" : \"*****\", \"a\": [******, true, null, \"\"], \"b\": \"****\n *: *";
        assert_eq!(masked(text), expected);
        assert_eq!(
            masked(r#"{"to": "+1555" : 1}"#),
            r#"{"to": "*****" : *}"#,
            "text that is no JSON hides its values too"
        );
        assert_eq!(masked(text).len(), text.len());
    }

    #[test]
    fn parts_of_a_line_make_no_command() {
        let excerpt = "{\"a\": ##[stop-commands]x}";
        let findings = Validator::new().validate_json(excerpt, None).findings;
        let excerpt = Rendering::plain().show_values(true).render(excerpt, &findings);
        assert!(excerpt.contains("stop-commands") && !excerpt.contains("##["), "{excerpt}");
        let word = FULL.replacen("\"inbound\"", "\"##[add-mask]x\"", 1);
        assert!(word != FULL && !shown(&word).contains("##["), "{}", shown(&word));
    }

    #[test]
    fn nothing_for_no_findings() {
        assert_eq!(Rendering::plain().render(FULL, &[]), "");
    }

    #[test]
    fn absent_members_of_one_object_are_one_block() {
        let text = "{\"vcp_version\":\"0.5\",\n\"audit\":{\"x\":null}}";
        assert_eq!(Validator::new().validate_json(text, None).findings.len(), 3);
        let blocks = |text: &str| shown(text).matches("error[VCP_E005]").count();
        assert_eq!(blocks(text), 2);
        let first = "a.json:2:18: error[VCP_E005]: `received_at` and `schema_version` are missing\n";
        assert!(shown(text).starts_with(first) && shown(text).contains("^ $.audit\n"), "{}", shown(text));
        assert!(shown(text).contains("error[VCP_E005]: `vcp_payload` is missing\n"), "{}", shown(text));
        assert!(shown("{}").contains("`vcp_version`, `vcp_payload` and `audit` are missing"), "{}", shown("{}"));
        let null = text.replace("\"x\"", "\"received_at\"");
        assert_eq!(blocks(&null), 3, "a member that is null has its own place");
    }

    #[test]
    fn no_value_is_shown_unless_asked_for() {
        let text = FULL.replace("\"granted\"", "\"secret word\"");
        let findings = Validator::new().validate_json(&text, None).findings;
        assert!(!Rendering::plain().render(&text, &findings).contains("secret"));
        assert!(Rendering::plain().show_values(true).render(&text, &findings).contains("\"secret word\""));
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = FULL.replace("\"granted\"", "7").replace(['\n', '\r'], "");
        let findings = Validator::new().validate_json(&text, None).findings;
        let shown = Rendering::plain().render(&text, &findings);
        assert!(shown.lines().all(|line| line.chars().count() <= 130), "{shown}");
        let mut lines = shown.lines().skip_while(|line| !line.starts_with('1'));
        let (line, mark) = (lines.next().unwrap(), lines.next().unwrap());
        let column = mark.chars().position(|c| c == '^').unwrap();
        assert_eq!(line.chars().nth(column), Some('*'), "{shown}");
    }

    #[test]
    fn every_place_can_be_shown() {
        for text in [
            "",
            "{",
            "\u{c}",
            "{\u{b}}",
            "\u{a0}",
            "[1,\u{c}2]",
            "\u{feff}{}",
            "[1,2\n",
            "{\"a\": \"x",
            "\u{1b}[31m",
            "é\né",
            "{\"vcp_version\":\"0.5\"\r\n}",
        ] {
            let shown = shown(text);
            assert!(shown.ends_with('\n') && !shown.contains('\u{1b}'), "{shown}");
        }
        let nowhere = Finding::new(ErrorCode::Limit, FieldPath::root(), "too much");
        let shown = Rendering::plain().render("", &[nowhere]);
        assert!(shown.starts_with("message: error[VCP_E008]: too much\n |\n = note: at $\n"), "{shown}");
        let findings = Validator::new().validate_json("{}", None).findings;
        assert!(Rendering::coloured().render("{}", &findings).contains("\u{1b}["));
    }

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        let text = FULL.replace("\"LLM\"", "\"\u{9b}31m\u{202e}\"").replace("\"granted\"", "\"\u{9b}31m\"");
        let findings = Validator::new().validate_json(&text, None).findings;
        let shown = Rendering::plain().origin("a\u{1b}[31m\u{202e}").show_values(true).render(&text, &findings);
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown}");
    }

    #[test]
    fn long_lines_and_long_names_are_cut_and_soon() {
        let name = "n".repeat(100_000);
        let roles: Vec<String> = (0..2000).map(|n| format!("\"{n}{}\":7", if n == 0 { &name } else { "" })).collect();
        let text = format!(
            "{{\"vcp_version\":\"0.5\",\"vcp_payload\":{{\"model_selection\":{{\"roles\":{{{}}}}}}}}}",
            roles.join(",")
        );
        let findings = Validator::new().validate_json(&text, None).findings;
        assert!(findings.len() > 4000);
        let shown = Rendering::plain().render(&text, &findings);
        assert!(shown.len() < findings.len() * 2000, "{}", shown.len());
    }
}
