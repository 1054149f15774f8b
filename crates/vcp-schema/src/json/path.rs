//! The place of a value in a JSON document, as JSONPath and as JSON Pointer.

use super::members;
use std::{borrow::Cow, fmt, str::FromStr};

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step<'a> {
    /// A member of an object.
    Name(Cow<'a, str>),
    /// An element of a list, from 0.
    Index(usize),
}

impl Step<'_> {
    /// Appends the step to a JSON Pointer.
    pub(crate) fn write_pointer(&self, text: &mut String) {
        text.push('/');
        match self {
            Self::Name(name) => text.push_str(&pointer_step(name)),
            // Most indexes have one digit.
            Self::Index(index) => match u32::try_from(*index).ok().and_then(|index| char::from_digit(index, 10)) {
                Some(digit) => text.push(digit),
                None => text.push_str(&index.to_string()),
            },
        }
    }
}

/// Returns a name as a step of a JSON Pointer.
#[must_use]
pub fn pointer_step(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The place of a value in a JSON document.
///
/// Displays as JSONPath:
///
/// - A name that matches `[A-Za-z_][A-Za-z0-9_]*` is `.name`.
/// - Any other name is `['…']`, with `\`, `'` and control characters escaped.
/// - An index is `[0]`.
///
/// ```
/// use vcp_schema::FieldPath;
/// let path = FieldPath::root().name("vcp_payload").name("call").name("x-tag").index(2);
/// assert_eq!(path.to_string(), "$.vcp_payload.call['x-tag'][2]");
/// assert_eq!(path.pointer(), "/vcp_payload/call/x-tag/2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldPath {
    steps: Vec<Step<'static>>,
}

impl FieldPath {
    /// Returns the path of the document itself, `$`.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the path of the member `name` of this object.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.steps.push(Step::Name(name.into().into()));
        self
    }

    /// Returns the path of the element `index` of this list. The first element has index 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// Returns the path with one more step.
    #[must_use]
    pub fn step(mut self, step: Step<'static>) -> Self {
        self.steps.push(step);
        self
    }

    /// Returns the steps, starting at the root.
    #[must_use]
    pub fn steps(&self) -> &[Step<'static>] {
        &self.steps
    }

    /// Returns the path as a JSON Pointer (RFC 6901). The root is the empty text.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut text = String::new();
        self.steps.iter().for_each(|step| step.write_pointer(&mut text));
        text
    }

    /// Returns the JSONPath for display. A path of more than 200 characters is cut after 200 and
    /// ends with `…`.
    #[must_use]
    pub fn shortened(&self) -> String {
        const LONGEST: usize = 200;
        let text = self.to_string();
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
            None => text,
        }
    }

    /// Reads a path as rule files write it: names with dots between them, such as
    /// `vcp_payload.call.call_id`. Empty names are skipped.
    #[must_use]
    pub fn from_dotted(text: &str) -> Self {
        text.split('.').filter(|name| !name.is_empty()).fold(Self::root(), Self::name)
    }
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Name(name) if is_plain(name) => write!(f, ".{name}")?,
                Step::Name(name) => {
                    f.write_str("['")?;
                    for c in name.chars() {
                        match c {
                            '\\' | '\'' => write!(f, "\\{c}")?,
                            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                            c => write!(f, "{c}")?,
                        }
                    }
                    f.write_str("']")?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The error of a text that is no path, as [`FieldPath`] displays one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPathError;

impl fmt::Display for InvalidPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a path: write `$`, `.name`, `['name']` and `[0]` only")
    }
}

impl std::error::Error for InvalidPathError {}

/// Reads a path as it is displayed.
///
/// ```
/// use vcp_schema::FieldPath;
/// let path: FieldPath = "$.vcp_payload.call['x-tag'][2]".parse()?;
/// assert_eq!(path.pointer(), "/vcp_payload/call/x-tag/2");
/// assert!("vcp_payload.call".parse::<FieldPath>().is_err());
/// # Ok::<(), vcp_schema::InvalidPathError>(())
/// ```
impl FromStr for FieldPath {
    type Err = InvalidPathError;

    fn from_str(text: &str) -> Result<Self, InvalidPathError> {
        let mut path = Self::root();
        let mut rest = text.strip_prefix('$').ok_or(InvalidPathError)?;
        while !rest.is_empty() {
            let (step, behind) = if let Some(name) = rest.strip_prefix('.') {
                let (name, behind) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
                (is_plain(name).then(|| Step::Name(name.to_owned().into())), behind)
            } else if let Some(quoted) = rest.strip_prefix("['") {
                let (name, behind) = unquoted(quoted).ok_or(InvalidPathError)?;
                (Some(Step::Name(name.into())), behind)
            } else {
                let (index, behind) =
                    rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or(InvalidPathError)?;
                (members::index_of_step(index).map(Step::Index), behind)
            };
            path = path.step(step.ok_or(InvalidPathError)?);
            rest = behind;
        }
        Ok(path)
    }
}

/// Reads a quoted name up to `']`. Returns the name and the text behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next()? {
            '\'' => return Some((name, letters.as_str().strip_prefix(']')?)),
            '\\' => match letters.next()? {
                letter @ ('\\' | '\'') => name.push(letter),
                'u' => {
                    let (digits, behind) = letters.as_str().split_at_checked(4)?;
                    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    name.push(char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?)?);
                    letters = behind.chars();
                }
                _ => return None,
            },
            letter => name.push(letter),
        }
    }
}

/// A place in a document, for code that walks down the document.
///
/// A node refers to the node of its parent and lives on the stack. It allocates no memory until a
/// [`FieldPath`] or a pointer is built.
#[derive(Debug, Clone)]
pub struct PathNode<'a> {
    parent: Option<&'a PathNode<'a>>,
    step: Option<Step<'a>>,
}

impl<'a> PathNode<'a> {
    /// Returns the place of the document itself.
    #[must_use]
    pub const fn root() -> Self {
        Self { parent: None, step: None }
    }

    /// Returns the place of the member `name` of this object.
    #[must_use]
    pub fn name(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Some(Step::Name(name.into())) }
    }

    /// Returns the place of the element `index` of this list. The first element has index 0.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Some(Step::Index(index)) }
    }

    /// Builds the path of this place.
    #[must_use]
    pub fn to_path(&self) -> FieldPath {
        let mut path = self.parent.map_or_else(FieldPath::root, Self::to_path);
        match &self.step {
            Some(Step::Name(name)) => path = path.name(name.as_ref()),
            Some(Step::Index(index)) => path = path.index(*index),
            None => {}
        }
        path
    }

    /// Builds the JSON Pointer of this place.
    #[must_use]
    pub fn pointer(&self) -> String {
        self.pointer_before(0)
    }

    /// Builds the pointer of this place. Reserves `room` bytes for the steps that follow.
    fn pointer_before(&self, room: usize) -> String {
        let room =
            room + self.step.as_ref().map_or(0, |step| if let Step::Name(name) = step { name.len() + 1 } else { 8 });
        let mut text = self.parent.map_or_else(|| String::with_capacity(room), |parent| parent.pointer_before(room));
        if let Some(step) = &self.step {
            step.write_pointer(&mut text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_names_that_are_not_plain() {
        let path = FieldPath::root().name("a b").name("it's\\").name("").name("x\n").name("a/b~c");
        assert_eq!(path.to_string(), r"$['a b']['it\'s\\']['']['x\u000a']['a/b~c']");
        assert_eq!(path.pointer(), "/a b/it's\\//x\n/a~1b~0c");
    }

    #[test]
    fn a_displayed_path_is_read_again() {
        let path = FieldPath::root().name("a b").name("it's\\").name("").name("x\n\u{85}").name("a/b~c");
        let path = path.index(0).name("plain_1").index(usize::MAX).name("cost_usd.llm").name("é]'");
        assert_eq!(path.to_string().parse(), Ok(path));
        assert_eq!("$".parse(), Ok(FieldPath::root()));
        for wrong in [
            "",
            "a",
            "$a",
            "$.",
            "$..a",
            "$.a b",
            "$.é",
            "$[",
            "$[]",
            "$[01]",
            "$[+1]",
            "$[-1]",
            "$['a",
            "$['a'",
            "$['a'x]",
            r"$['\q']",
            r"$['\u12']",
            r"$['\u+041']",
            "$.a[0",
        ] {
            assert_eq!(wrong.parse::<FieldPath>(), Err(InvalidPathError), "{wrong}");
        }
    }

    #[test]
    fn a_node_knows_its_path() {
        let root = PathNode::root();
        let (a, name) = (root.name("a"), "b".to_owned());
        let b = a.name(&name);
        assert_eq!(b.index(3).to_path().to_string(), "$.a.b[3]");
        assert_eq!(root.to_path().to_string(), "$");
    }
}
