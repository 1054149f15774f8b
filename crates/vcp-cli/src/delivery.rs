//! Headers and URL of a delivery, as options. Both can have a secret in them, and other users of
//! the machine can see arguments. Therefore both can come from a file.

use crate::input;
use std::path::Path;

/// The options for the headers and the URL of a delivery.
#[derive(Debug, clap::Args)]
pub(crate) struct DeliveryArgs {
    /// A header of the delivery. Can be given several times. `@FILE` stands for the lines of a
    /// file: use it for a header that is a secret, such as `x-vapi-secret`.
    #[arg(long, value_name = "NAME: VALUE", requires = "file")]
    header: Vec<String>,
    /// The URL to which the delivery was sent. `@FILE` stands for the first line of a file: use it
    /// for a URL with a secret in it.
    #[arg(long, requires = "file")]
    url: Option<String>,
}

impl DeliveryArgs {
    /// Returns the names and values of the headers.
    ///
    /// # Errors
    ///
    /// Returns a message if a file cannot be read, or if a header has no colon. The message does
    /// not contain the header.
    pub(crate) fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let mut headers = Vec::new();
        for (given, number) in self.header.iter().zip(1..) {
            let (text, before) = (argument(given)?, headers.len());
            for (line, at) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
                let (name, value) = line
                    .split_once(':')
                    .ok_or_else(|| format!("--header number {number}, line {at}, has no colon: write `Name: value`"))?;
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            if headers.len() == before {
                return Err(format!("--header number {number} is empty: write `Name: value`"));
            }
        }
        Ok(headers)
    }

    /// Returns the URL.
    ///
    /// # Errors
    ///
    /// Returns a message if the file cannot be read, or if there is no URL in it.
    pub(crate) fn url(&self) -> Result<Option<String>, String> {
        let text = self.url.as_deref().map(argument).transpose()?;
        let line = text.map(|text| text.lines().next().unwrap_or_default().trim().to_owned());
        if line.as_deref() == Some("") { Err("--url is empty: name a URL".to_owned()) } else { Ok(line) }
    }
}

/// Returns an argument, or the content of the file that it names as `@FILE`.
fn argument(given: &str) -> Result<String, String> {
    let Some(file) = given.strip_prefix('@') else { return Ok(given.to_owned()) };
    if file == "-" {
        return Err("standard input is for the body: write headers and URLs to files".to_owned());
    }
    String::from_utf8(input::whole(Path::new(file))?).map_err(|_| format!("`{file}` is not UTF-8"))
}
